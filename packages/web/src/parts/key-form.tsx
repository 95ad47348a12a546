import {
  Button,
  Checkbox,
  MultiSelect,
  NativeSelect,
  Stack,
  Switch,
  Textarea,
  TextInput,
  Title,
} from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { databasesQuery } from '../api/calls.ts'
import type { Key, NewKey, Scope } from '../api/people-answers.ts'
import { createKey } from '../api/people-calls.ts'
import { useLanguage } from '../i18n/language.tsx'
import { useAccess, useApi } from '../session.tsx'
import { FaultAlert } from './fault-alert.tsx'
import { useTask } from './use-task.ts'

const lifetimes = [30, 90, 365] as const
const empty = {
  name: '',
  scopes: [] as Scope[],
  databases: [] as string[],
  networks: '',
  days: '90',
  descendants: false,
}

/** A new key: with no more than the caller has, which the server holds to as well. */
export function KeyForm({ onMade }: { readonly onMade: (key: Key & { key: string }) => Promise<void> }) {
  const { t } = useLanguage()
  const api = useApi()
  const access = useAccess()
  const { data: databases } = useQuery(databasesQuery(api))
  const [form, setForm] = useState(empty)
  const { fault, isBusy, run } = useTask()
  const change = (part: Partial<typeof empty>) => setForm({ ...form, ...part })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void run(async () => {
      if (form.scopes.length === 0) throw new Error(t('keys.noScopes'))
      await onMade(await createKey(api, toKey(form)))
      setForm(empty)
    })
  }
  return (
    <form onSubmit={submit}>
      <Stack component="section" mt="xl" gap="md" maw={640}>
        <Title order={2} size="h4">
          {t('keys.new')}
        </Title>
        <TextInput
          label={t('common.name')}
          description={t('keys.nameHelp')}
          required
          maxLength={200}
          value={form.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
        />
        <Checkbox.Group
          label={t('keys.scopes')}
          value={form.scopes}
          onChange={(chosen) =>
            change({ scopes: (access?.scopes ?? []).filter((scope) => chosen.includes(scope)) })
          }
        >
          <div className="choices">
            {(access?.scopes ?? []).map((scope) => (
              <Checkbox key={scope} value={scope} label={scope} />
            ))}
          </div>
        </Checkbox.Group>
        <MultiSelect
          label={t('keys.databases')}
          description={t('keys.databasesHelp')}
          data={(databases ?? []).map(({ name, title }) => ({
            value: name,
            label: title === null ? name : `${title} (${name})`,
          }))}
          searchable
          limit={100}
          value={form.databases}
          onChange={(chosen) => change({ databases: chosen })}
        />
        <Textarea
          label={t('keys.networks')}
          description={t('keys.networksHelp')}
          autosize
          minRows={2}
          value={form.networks}
          onChange={(event) => change({ networks: event.currentTarget.value })}
        />
        <NativeSelect
          label={t('keys.expires')}
          value={form.days}
          data={[
            ...lifetimes.map((days) => ({ value: String(days), label: t('keys.days', { days }) })),
            { value: '', label: t('common.never') },
          ]}
          onChange={(event) => change({ days: event.currentTarget.value })}
        />
        {access?.descendants && (
          <Switch
            label={t('keys.descendants')}
            checked={form.descendants}
            onChange={(event) => change({ descendants: event.currentTarget.checked })}
          />
        )}
        {fault !== null && <FaultAlert error={fault} />}
        <div>
          <Button type="submit" loading={isBusy}>
            {t('keys.create')}
          </Button>
        </div>
      </Stack>
    </form>
  )
}

function toKey({ name, scopes, databases, networks, days, descendants }: typeof empty): NewKey {
  const addresses = networks.split(/[\s,]+/).filter((network) => network !== '')
  return {
    name: name.trim(),
    scopes,
    ...(databases.length > 0 ? { databases } : {}),
    ...(addresses.length > 0 ? { addresses } : {}),
    ...(descendants ? { descendants } : {}),
    ...(days === '' ? {} : { expiresAt: new Date(Date.now() + Number(days) * 86_400_000).toISOString() }),
  }
}
