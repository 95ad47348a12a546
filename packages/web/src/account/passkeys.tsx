import { Alert, Button, Group, Stack, Table, Text, Title } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { passkeysQuery, removePasskey } from '../api/people-calls.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { ConfirmButton } from '../parts/confirm-button.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { TextField } from '../parts/field.tsx'
import { ListTable } from '../parts/list-table.tsx'
import { useTask } from '../parts/use-task.ts'
import { useApi } from '../session.tsx'
import { AccountFault } from './log-in-fault.tsx'
import { addPasskey, knowsPasskeys } from './web-authn.ts'

/** One's passkeys: their names, a new one, and an end to each. */
export function Passkeys() {
  const { t } = useLanguage()
  const { moment } = useMoments()
  const api = useApi()
  const queries = useQueryClient()
  const { data, error } = useQuery(passkeysQuery(api))
  const [name, setName] = useState('')
  const { fault, isBusy, run, onSubmit } = useTask()
  const refresh = () => queries.invalidateQueries({ queryKey: ['passkeys'] })
  const submit = onSubmit(async () => {
    await addPasskey(api, name.trim())
    setName('')
    await refresh()
  })
  return (
    <Stack component="section" gap="sm">
      <Title order={2} size="h4">
        {t('passkeys.title')}
      </Title>
      <Text maw={640}>{t('passkeys.help')}</Text>
      {error && <FaultAlert error={error} />}
      {data?.length === 0 && <Text>{t('passkeys.empty')}</Text>}
      {data && data.length > 0 && (
        <ListTable
          label={t('passkeys.title')}
          heads={[t('common.name'), t('account.since'), t('common.actions')]}
        >
          {data.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Td className="break">{one.name ?? t('passkeys.unknown')}</Table.Td>
              <Table.Td>{moment(one.createdAt)}</Table.Td>
              <Table.Td>
                <ConfirmButton
                  label={t('passkeys.remove')}
                  of={one.name ?? t('passkeys.unknown')}
                  onConfirm={() =>
                    run(async () => {
                      await removePasskey(api, one.id)
                      await refresh()
                    })
                  }
                />
              </Table.Td>
            </Table.Tr>
          ))}
        </ListTable>
      )}
      {fault !== null && <AccountFault error={fault} />}
      {knowsPasskeys() ? (
        <form onSubmit={submit}>
          <Group align="flex-end" gap="sm">
            <TextField
              label={t('passkeys.name')}
              description={t('passkeys.nameHelp')}
              autoComplete="off"
              required
              maxLength={100}
              value={name}
              onText={setName}
            />
            <Button type="submit" variant="default" loading={isBusy}>
              {t('passkeys.add')}
            </Button>
          </Group>
        </form>
      ) : (
        <Alert>{t('passkeys.unsupported')}</Alert>
      )}
    </Stack>
  )
}
