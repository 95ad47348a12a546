import { Button, Card, Group, NativeSelect, Stack, Table, Text, TextInput, Title } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { Key } from '../api/people-answers.ts'
import { createKeyOf, databaseKeysQuery, revokeKeyOf } from '../api/people-calls.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { useApi } from '../session.tsx'
import { ConfirmButton } from './confirm-button.tsx'
import { FaultAlert } from './fault-alert.tsx'
import { ListTable } from './list-table.tsx'
import { SecretOnce } from './secret-once.tsx'
import { useTask } from './use-task.ts'

const lifetimes = [30, 90, 365] as const

/** Keys with which a BI tool reads this database and nothing else. */
export function DatabaseKeys({ name: database }: { readonly name: string }) {
  const { t } = useLanguage()
  const { moment } = useMoments()
  const api = useApi()
  const queries = useQueryClient()
  const { data, error } = useQuery(databaseKeysQuery(api, database))
  const [name, setName] = useState('')
  const [days, setDays] = useState('')
  const [made, setMade] = useState<(Key & { readonly key: string }) | null>(null)
  const { fault, isBusy, run } = useTask()
  const refresh = () => queries.invalidateQueries({ queryKey: ['databases', database, 'keys'] })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void run(async () => {
      const expiresAt = new Date(Date.now() + Number(days) * 86_400_000).toISOString()
      setMade(await createKeyOf(api, database, { name: name.trim(), ...(days === '' ? {} : { expiresAt }) }))
      setName('')
      await refresh()
    })
  }
  return (
    <Card withBorder component="section" aria-label={t('databaseKeys.title')}>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {t('databaseKeys.title')}
        </Title>
        <Text size="sm">{t('databaseKeys.help')}</Text>
        {error && <FaultAlert error={error} />}
        {made && (
          <SecretOnce
            title={t('keys.made', { name: made.name })}
            help={t('done.keyOnce')}
            text={made.key}
            onDone={() => setMade(null)}
          />
        )}
        {data && data.length > 0 && (
          <ListTable
            label={t('databaseKeys.title')}
            heads={[t('common.name'), t('keys.lastUsed'), t('keys.expires'), t('common.actions')]}
          >
            {data.map((key) => (
              <Table.Tr key={key.id}>
                <Table.Td>{key.name}</Table.Td>
                <Table.Td>{moment(key.lastUsedAt)}</Table.Td>
                <Table.Td>{moment(key.expiresAt)}</Table.Td>
                <Table.Td>
                  <ConfirmButton
                    label={t('keys.revoke')}
                    of={key.name}
                    onConfirm={() =>
                      run(async () => {
                        await revokeKeyOf(api, database, key.id)
                        if (made?.id === key.id) setMade(null)
                        await refresh()
                      })
                    }
                  />
                </Table.Td>
              </Table.Tr>
            ))}
          </ListTable>
        )}
        <form onSubmit={submit}>
          <Group align="flex-end" gap="sm">
            <TextInput
              label={t('databaseKeys.name')}
              required
              maxLength={200}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <NativeSelect
              label={t('keys.expires')}
              value={days}
              data={[
                { value: '', label: t('common.never') },
                ...lifetimes.map((each) => ({ value: String(each), label: t('keys.days', { days: each }) })),
              ]}
              onChange={(event) => setDays(event.currentTarget.value)}
            />
            <Button type="submit" variant="default" loading={isBusy}>
              {t('keys.create')}
            </Button>
          </Group>
        </form>
        {fault !== null && <FaultAlert error={fault} />}
      </Stack>
    </Card>
  )
}
