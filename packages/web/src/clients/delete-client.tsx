import { Card, Stack, Text, Title } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { problemOf } from '../api/api-client.ts'
import { deleteClient, type StoredClient } from '../api/clients.ts'
import { useLanguage } from '../i18n/language.tsx'
import { ConfirmButton } from '../parts/confirm-button.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { useTask } from '../parts/use-task.ts'
import { useApi } from '../session.tsx'

/** Forgets a client. While grants use it that is refused, and they are named. */
export function DeleteClient({ client }: { readonly client: StoredClient }) {
  const { t } = useLanguage()
  const api = useApi()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { fault, run } = useTask()
  const { grants, below } = problemOf(fault)
  const users = Array.isArray(grants) ? grants.map(String) : []
  return (
    <Card withBorder component="section" aria-label={t('database.danger')}>
      <Title order={2} size="h4">
        {t('database.danger')}
      </Title>
      <Text size="sm" my="xs">
        {t('client.deleteHelp')}
      </Text>
      <div>
        <ConfirmButton
          label={t('client.delete')}
          of={client.label ?? client.clientId}
          onConfirm={() =>
            run(async () => {
              await deleteClient(api, client.id)
              await queries.invalidateQueries({ queryKey: ['clients'], refetchType: 'none' })
              await navigate({ to: '/clients' })
            })
          }
        />
      </div>
      {fault !== null && (
        <Stack gap="xs" mt="sm">
          <FaultAlert error={fault} />
          {users.length > 0 && (
            <ul className="plain">
              {users.map((id) => (
                <li key={id}>
                  <Link to="/grants/$id" params={{ id }}>
                    {id}
                  </Link>
                </li>
              ))}
            </ul>
          )}
          {below === true && <Text size="sm">{t('client.usedBelow')}</Text>}
        </Stack>
      )}
    </Card>
  )
}
