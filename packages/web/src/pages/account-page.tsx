import { Alert, Stack, Table, Text, Title } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Passkeys } from '../account/passkeys.tsx'
import { PasswordForm } from '../account/password-form.tsx'
import { TwoFactor } from '../account/two-factor.tsx'
import { endSession, sessionsQuery } from '../api/people-calls.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { ConfirmButton } from '../parts/confirm-button.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { ListTable } from '../parts/list-table.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { useTask } from '../parts/use-task.ts'
import { useApi, useSession } from '../session.tsx'

/** One's own account: password, second factor, and where one is logged in. */
export function AccountPage() {
  const { t } = useLanguage()
  const { standing } = useSession()
  const person = standing.kind === 'in' ? standing.session.person : null
  if (person === null) {
    return (
      <>
        <PageHeading title={t('account.title')} />
        <Alert>{t('account.byKey')}</Alert>
      </>
    )
  }
  return (
    <>
      <PageHeading title={t('account.title')} />
      <Stack gap="xl">
        <Text>
          {person.name} · {person.email}
        </Text>
        <PasswordForm />
        <TwoFactor person={person} />
        <Passkeys />
        <LogIns />
      </Stack>
    </>
  )
}

function LogIns() {
  const { t } = useLanguage()
  const { moment } = useMoments()
  const api = useApi()
  const queries = useQueryClient()
  const { data, error } = useQuery(sessionsQuery(api))
  const { fault, run } = useTask()
  return (
    <section>
      <Title order={2} size="h4" mb="xs">
        {t('account.sessions')}
      </Title>
      {(error ?? fault) !== null && <FaultAlert error={error ?? fault} />}
      <ListTable
        label={t('account.sessions')}
        heads={[t('account.device'), t('account.address'), t('account.since'), t('common.actions')]}
      >
        {(data ?? []).map((one) => (
          <Table.Tr key={one.id}>
            <Table.Td className="cell" title={one.userAgent ?? ''}>
              {deviceOf(one.userAgent) ?? t('account.unknownDevice')}
            </Table.Td>
            <Table.Td>{one.address}</Table.Td>
            <Table.Td>{moment(one.createdAt)}</Table.Td>
            <Table.Td>
              {one.isCurrent ? (
                t('account.thisOne')
              ) : (
                <ConfirmButton
                  label={t('account.end')}
                  of={`${deviceOf(one.userAgent) ?? ''} ${moment(one.createdAt)}`}
                  onConfirm={() =>
                    run(async () => {
                      await endSession(api, one.id)
                      await queries.invalidateQueries({ queryKey: ['sessions'] })
                    })
                  }
                />
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </ListTable>
    </section>
  )
}

/** Browser and system, as far as a user agent tells them; the whole text is the cell's title. */
function deviceOf(userAgent: string | null): string | null {
  if (userAgent === null) return null
  const browser = /(Edg|Firefox|Chrome|Safari)\//.exec(userAgent)?.[1]?.replace('Edg', 'Edge')
  const system = /(Windows|Android|iPhone|iPad|Mac OS|Linux)/.exec(userAgent)?.[1]
  return [browser, system].filter(Boolean).join(', ') || userAgent.slice(0, 40)
}
