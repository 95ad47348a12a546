import { Button, Group, NativeSelect, Stack, Table, Text, TextInput, Title } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { Member, NewInvitation, Role } from '../api/people-answers.ts'
import {
  changeRole,
  createResetLink,
  invitationsQuery,
  invite,
  membersQuery,
  removeMember,
  revokeInvitation,
} from '../api/people-calls.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { ConfirmButton } from '../parts/confirm-button.tsx'
import { Contacts } from '../parts/contacts.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { ListTable } from '../parts/list-table.tsx'
import { OrganisationTabs } from '../parts/organisation-tabs.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { SecretOnce } from '../parts/secret-once.tsx'
import { useTask } from '../parts/use-task.ts'
import { Waiting } from '../parts/waiting.tsx'
import { useAccess, useApi } from '../session.tsx'

/** Who belongs to the organisation, in which role, and who is invited. */
export function MembersPage() {
  const { t } = useLanguage()
  const api = useApi()
  const { data, error, refetch } = useQuery(membersQuery(api))
  const [link, setLink] = useState<{ readonly name: string; readonly link: string } | null>(null)
  const { fault, run } = useTask()
  return (
    <>
      <OrganisationTabs />
      <PageHeading title={t('members.title')} />
      {error && <FaultAlert error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {fault !== null && <FaultAlert error={fault} />}
      {link && (
        <SecretOnce
          title={t('members.resetLink', { name: link.name })}
          help={t('members.resetHelp')}
          text={link.link}
          onDone={() => setLink(null)}
        />
      )}
      {data && (
        <ListTable
          label={t('members.title')}
          heads={[t('common.name'), t('members.role'), t('members.since'), t('common.actions')]}
        >
          {data.map((member) => (
            <MemberRow
              key={member.id}
              member={member}
              run={run}
              onReset={async () =>
                setLink({ name: member.name, link: await createResetLink(api, member.id) })
              }
            />
          ))}
        </ListTable>
      )}
      <Invitations />
      <Contacts />
    </>
  )
}

function MemberRow(props: {
  readonly member: Member
  readonly run: (work: () => Promise<void>) => Promise<void>
  readonly onReset: () => Promise<void>
}) {
  const { member, run, onReset } = props
  const { t } = useLanguage()
  const { moment } = useMoments()
  const api = useApi()
  const queries = useQueryClient()
  const roles = useAccess()?.roles ?? []
  const mayChange = roles.includes(member.role)
  const refresh = () => queries.invalidateQueries({ queryKey: ['members'] })
  return (
    <Table.Tr>
      <Table.Td>
        {member.name}
        <Text size="sm" className="break">
          {member.email}
        </Text>
        {member.hasTwoFactor && <Text size="sm">{t('members.twoFactor')}</Text>}
      </Table.Td>
      <Table.Td miw="10rem">
        {mayChange ? (
          <NativeSelect
            size="xs"
            aria-label={`${t('members.role')}: ${member.name}`}
            value={member.role}
            data={roles.map((role) => ({ value: role, label: t(`role.${role}`) }))}
            onChange={(event) => {
              const role = event.currentTarget.value as Role
              void run(async () => {
                await changeRole(api, member.id, role)
                await refresh()
              })
            }}
          />
        ) : (
          t(`role.${member.role}`)
        )}
      </Table.Td>
      <Table.Td>{moment(member.since)}</Table.Td>
      <Table.Td>
        {mayChange && (
          <Group gap="xs">
            <Button
              size="compact-sm"
              variant="default"
              aria-label={`${t('members.reset')}: ${member.name}`}
              onClick={() => void run(onReset)}
            >
              {t('members.reset')}
            </Button>
            <ConfirmButton
              label={t('members.remove')}
              of={member.name}
              onConfirm={() =>
                run(async () => {
                  await removeMember(api, member.id)
                  await refresh()
                })
              }
            />
          </Group>
        )}
      </Table.Td>
    </Table.Tr>
  )
}

function Invitations() {
  const { t, language } = useLanguage()
  const { moment } = useMoments()
  const api = useApi()
  const queries = useQueryClient()
  const roles = useAccess()?.roles ?? []
  const { data, error } = useQuery(invitationsQuery(api))
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('analyst')
  const [made, setMade] = useState<NewInvitation | null>(null)
  const { fault, isBusy, run } = useTask()
  const refresh = () => queries.invalidateQueries({ queryKey: ['invitations'] })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void run(async () => {
      setMade(await invite(api, { email: email.trim(), role, language }))
      setEmail('')
      await refresh()
    })
  }
  return (
    <Stack component="section" mt="xl" gap="sm">
      <Title order={2} size="h4">
        {t('members.invitations')}
      </Title>
      <form onSubmit={submit}>
        <Group align="flex-end" gap="sm">
          <TextInput
            label={t('login.email')}
            type="email"
            required
            autoComplete="off"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <NativeSelect
            label={t('members.role')}
            value={role}
            data={roles.map((each) => ({ value: each, label: t(`role.${each}`) }))}
            onChange={(event) => setRole(event.currentTarget.value as Role)}
          />
          <Button type="submit" loading={isBusy}>
            {t('members.invite')}
          </Button>
        </Group>
        <Text size="sm" mt={4}>
          {t(`role.${role}.may`)}
        </Text>
      </form>
      {fault !== null && <FaultAlert error={fault} />}
      {error && <FaultAlert error={error} />}
      {made && (
        <SecretOnce
          title={t('members.link', { email: made.email })}
          help={t(made.isMailed ? 'members.linkMailed' : 'members.linkHelp')}
          text={made.link}
          onDone={() => setMade(null)}
        />
      )}
      {data && data.length > 0 && (
        <ListTable
          label={t('members.invitations')}
          heads={[t('login.email'), t('members.role'), t('members.until'), t('common.actions')]}
        >
          {data.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Td className="break">{one.email}</Table.Td>
              <Table.Td>{t(`role.${one.role}`)}</Table.Td>
              <Table.Td>{moment(one.expiresAt)}</Table.Td>
              <Table.Td>
                <ConfirmButton
                  label={t('members.revoke')}
                  of={one.email}
                  onConfirm={() =>
                    run(async () => {
                      await revokeInvitation(api, one.id)
                      if (made?.id === one.id) setMade(null)
                      await refresh()
                    })
                  }
                />
              </Table.Td>
            </Table.Tr>
          ))}
        </ListTable>
      )}
    </Stack>
  )
}
