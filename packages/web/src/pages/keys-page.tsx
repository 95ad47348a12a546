import { Table, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Key } from '../api/people-answers.ts'
import { keysQuery, revokeKey } from '../api/people-calls.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { ConfirmButton } from '../parts/confirm-button.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { KeyForm } from '../parts/key-form.tsx'
import { ListTable } from '../parts/list-table.tsx'
import { OrganisationTabs } from '../parts/organisation-tabs.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { SecretOnce } from '../parts/secret-once.tsx'
import { useTask } from '../parts/use-task.ts'
import { Waiting } from '../parts/waiting.tsx'
import { useApi } from '../session.tsx'

/** The organisation's API keys: what each may do, when it was last used, and an end to it. */
export function KeysPage() {
  const { t } = useLanguage()
  const api = useApi()
  const queries = useQueryClient()
  const { data, error, refetch } = useQuery(keysQuery(api))
  const [made, setMade] = useState<(Key & { readonly key: string }) | null>(null)
  const { fault, run } = useTask()
  const refresh = () => queries.invalidateQueries({ queryKey: ['keys'] })
  const living = (data ?? []).filter(({ revokedAt }) => revokedAt === null)
  return (
    <>
      <OrganisationTabs />
      <PageHeading title={t('keys.title')} />
      {error && <FaultAlert error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {fault !== null && <FaultAlert error={fault} />}
      {made && (
        <SecretOnce
          title={t('keys.made', { name: made.name })}
          help={t('done.keyOnce')}
          text={made.key}
          onDone={() => setMade(null)}
        />
      )}
      {data && living.length === 0 && <Text mb="md">{t('keys.empty')}</Text>}
      {living.length > 0 && (
        <ListTable
          label={t('keys.title')}
          heads={[
            t('common.name'),
            t('keys.scopes'),
            t('keys.reach'),
            t('keys.lastUsed'),
            t('keys.expires'),
            t('common.actions'),
          ]}
        >
          {living.map((key) => (
            <KeyRow
              key={key.id}
              value={key}
              onRevoke={() =>
                run(async () => {
                  await revokeKey(api, key.id)
                  if (made?.id === key.id) setMade(null)
                  await refresh()
                })
              }
            />
          ))}
        </ListTable>
      )}
      <KeyForm
        onMade={async (key) => {
          setMade(key)
          await refresh()
        }}
      />
    </>
  )
}

function KeyRow({ value, onRevoke }: { readonly value: Key; readonly onRevoke: () => Promise<void> }) {
  const { t } = useLanguage()
  const { moment } = useMoments()
  const isOver = value.expiresAt !== null && Date.parse(value.expiresAt) <= Date.now()
  return (
    <Table.Tr>
      <Table.Td>
        {value.name}
        <Text size="sm">{moment(value.createdAt)}</Text>
      </Table.Td>
      <Table.Td maw={260}>
        <Text size="sm" className="break">
          {value.scopes.join(', ')}
        </Text>
      </Table.Td>
      <Table.Td>
        <Text size="sm">
          {value.databases === null
            ? t('keys.allDatabases')
            : t('keys.onlyDatabases', { names: value.databases.join(', ') })}
        </Text>
        {value.descendants && <Text size="sm">{t('keys.descendants')}</Text>}
        {value.addresses !== null && (
          <Text size="sm">{t('keys.from', { networks: value.addresses.join(', ') })}</Text>
        )}
      </Table.Td>
      <Table.Td>{moment(value.lastUsedAt)}</Table.Td>
      <Table.Td>
        {isOver && `${t('keys.over')} · `}
        {moment(value.expiresAt)}
      </Table.Td>
      <Table.Td>
        <ConfirmButton label={t('keys.revoke')} of={value.name} onConfirm={onRevoke} />
      </Table.Td>
    </Table.Tr>
  )
}
