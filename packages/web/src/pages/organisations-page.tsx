import { Button, Group, Stack, Table, Text, TextInput, Title } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import type { Organisation } from '../api/answers.ts'
import { createOrganisation, organisationsQuery, renameOrganisation } from '../api/people-calls.ts'
import { useLanguage } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { ListTable } from '../parts/list-table.tsx'
import { OrganisationTabs } from '../parts/organisation-tabs.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { useTask } from '../parts/use-task.ts'
import { Waiting } from '../parts/waiting.tsx'
import { May, useAccess, useApi, useSession } from '../session.tsx'

/** Each organisation under the one that it belongs to, with how deep it lies. */
function inTree(organisations: readonly Organisation[], root: string) {
  const below = (id: string, depth: number): { one: Organisation; depth: number }[] =>
    organisations
      .filter(({ parentId }) => parentId === id)
      .flatMap((one) => [{ one, depth }, ...below(one.id, depth + 1)])
  return below(root, 0)
}

/** The organisations below this one: a partner's customers. */
export function OrganisationsPage() {
  const { t } = useLanguage()
  const api = useApi()
  const access = useAccess()
  const { data, error, refetch } = useQuery(organisationsQuery(api))
  const rows = inTree(data ?? [], access?.organisation.id ?? '')
  return (
    <>
      <OrganisationTabs />
      <PageHeading title={t('below.title')} />
      <Text mb="md">{t('below.lead')}</Text>
      {error && <FaultAlert error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data && rows.length === 0 && <Text>{t('below.empty')}</Text>}
      {rows.length > 0 && (
        <ListTable label={t('below.title')} heads={[t('common.name'), t('common.actions')]}>
          {rows.map(({ one, depth }) => (
            <Table.Tr key={one.id}>
              <Table.Td pl={12 + depth * 20}>{one.name}</Table.Td>
              <Table.Td>
                <Link
                  to="/databases"
                  search={{ organisation: one.id }}
                  aria-label={`${t('below.enter')}: ${one.name}`}
                >
                  {t('below.enter')}
                </Link>
              </Table.Td>
            </Table.Tr>
          ))}
        </ListTable>
      )}
      <May scope="organisations:write">
        <NameForm
          label={t('below.name')}
          title={t('below.new')}
          button={t('below.create')}
          initial=""
          act={(name) => createOrganisation(api, name)}
        />
        {access && (
          <NameForm
            key={access.organisation.name}
            label={t('below.ownName')}
            title={t('below.rename')}
            button={t('common.save')}
            initial={access.organisation.name}
            act={(name) => renameOrganisation(api, access.organisation.id, name)}
          />
        )}
      </May>
    </>
  )
}

function NameForm(props: {
  readonly title: string
  readonly label: string
  readonly button: string
  readonly initial: string
  readonly act: (name: string) => Promise<unknown>
}) {
  const queries = useQueryClient()
  const { ask } = useSession()
  const [name, setName] = useState(props.initial)
  const { fault, isBusy, run } = useTask()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void run(async () => {
      await props.act(name.trim())
      setName(props.initial)
      await queries.invalidateQueries({ queryKey: ['organisations'] })
      // The switcher in the header knows it from now on.
      await ask()
    })
  }
  return (
    <form onSubmit={submit}>
      <Stack component="section" mt="xl" gap="sm">
        <Title order={2} size="h4">
          {props.title}
        </Title>
        <Group align="flex-end" gap="sm">
          <TextInput
            label={props.label}
            required
            maxLength={200}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Button type="submit" variant="default" loading={isBusy}>
            {props.button}
          </Button>
        </Group>
        {fault !== null && <FaultAlert error={fault} />}
      </Stack>
    </form>
  )
}
