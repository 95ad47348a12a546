import { Button, Group, NativeSelect, Stack, Table, Text, TextInput, Title } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { Contact } from '../api/people-answers.ts'
import { addContact, contactsQuery, removeContact } from '../api/people-calls.ts'
import { useLanguage } from '../i18n/language.tsx'
import { useApi } from '../session.tsx'
import { ConfirmButton } from './confirm-button.tsx'
import { FaultAlert } from './fault-alert.tsx'
import { ListTable } from './list-table.tsx'
import { useTask } from './use-task.ts'

/** Each in its own words. */
const names = { en: 'English', nl: 'Nederlands' } as const

/** Who is written to when a grant needs attention; they need no account. */
export function Contacts() {
  const { t, language: own } = useLanguage()
  const api = useApi()
  const queries = useQueryClient()
  const { data, error } = useQuery(contactsQuery(api))
  const [email, setEmail] = useState('')
  const [language, setLanguage] = useState<Contact['language']>(own)
  const { fault, isBusy, run } = useTask()
  const refresh = () => queries.invalidateQueries({ queryKey: ['contacts'] })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void run(async () => {
      await addContact(api, email.trim(), language)
      setEmail('')
      await refresh()
    })
  }
  return (
    <Stack component="section" mt="xl" gap="sm">
      <Title order={2} size="h4">
        {t('contacts.title')}
      </Title>
      <Text size="sm">{t('contacts.help')}</Text>
      <form onSubmit={submit}>
        <Group align="flex-end" gap="sm">
          <TextInput
            label={t('contacts.email')}
            type="email"
            required
            autoComplete="off"
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <NativeSelect
            label={t('contacts.language')}
            value={language}
            data={Object.entries(names).map(([value, label]) => ({ value, label }))}
            onChange={(event) => setLanguage(event.currentTarget.value as Contact['language'])}
          />
          <Button type="submit" variant="default" loading={isBusy}>
            {t('contacts.add')}
          </Button>
        </Group>
      </form>
      {(error ?? fault) !== null && <FaultAlert error={error ?? fault} />}
      {data && data.length > 0 && (
        <ListTable
          label={t('contacts.title')}
          heads={[t('contacts.email'), t('contacts.language'), t('common.actions')]}
        >
          {data.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Td className="break">{one.email}</Table.Td>
              <Table.Td lang={one.language}>{names[one.language]}</Table.Td>
              <Table.Td>
                <ConfirmButton
                  label={t('members.remove')}
                  of={one.email}
                  onConfirm={() =>
                    run(async () => {
                      await removeContact(api, one.id)
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
