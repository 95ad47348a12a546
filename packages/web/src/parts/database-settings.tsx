import { Button, Card, Checkbox, Group, Stack, Text, TextInput, Title } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import type { Database } from '../api/answers.ts'
import { changeDatabase } from '../api/calls.ts'
import { useLanguage } from '../i18n/language.tsx'
import { useApi } from '../session.tsx'
import { FaultAlert } from './fault-alert.tsx'
import { useTask } from './use-task.ts'

/** A database's title and name, how old its answers may be, and what happens where a part cannot be read. */
export function DatabaseSettings({ database }: { readonly database: Database }) {
  const { t } = useLanguage()
  const api = useApi()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [title, setTitle] = useState(database.title ?? '')
  const [name, setName] = useState(database.name)
  const [maxAge, setMaxAge] = useState(database.maxAgeSeconds?.toString() ?? '')
  const [isStrict, setStrict] = useState(database.strict)
  const [saved, setSaved] = useState<'database.saved' | 'database.renamed' | null>(null)
  const { fault, isBusy, run } = useTask()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setSaved(null)
    void run(async () => {
      const changed = await changeDatabase(api, database.name, {
        name: name.trim(),
        title: title.trim() === '' ? null : title.trim(),
        strict: isStrict,
        maxAgeSeconds: maxAge.trim() === '' ? null : Number(maxAge),
      })
      await queries.invalidateQueries({ queryKey: ['databases'], refetchType: 'none' })
      queries.setQueryData(['databases', changed.name], changed)
      setSaved(changed.name === database.name ? 'database.saved' : 'database.renamed')
      if (changed.name !== database.name)
        await navigate({ to: '/databases/$name', params: { name: changed.name }, replace: true })
    })
  }
  return (
    <Card withBorder component="section" aria-label={t('database.settings')}>
      <Title order={2} size="h4" mb="xs">
        {t('database.settings')}
      </Title>
      <form onSubmit={submit}>
        <Stack gap="sm" align="flex-start">
          <Group align="flex-end">
            <TextInput
              label={t('done.title.field')}
              value={title}
              onChange={(event) => setTitle(event.currentTarget.value)}
            />
            <TextInput
              label={t('done.name.field')}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
          </Group>
          <TextInput
            label={t('database.maxAge')}
            description={t('database.maxAge.help')}
            inputMode="numeric"
            pattern="[0-9]*"
            value={maxAge}
            onChange={(event) => setMaxAge(event.currentTarget.value)}
          />
          <Checkbox
            label={t('database.strict')}
            description={t('database.strict.help')}
            checked={isStrict}
            onChange={(event) => setStrict(event.currentTarget.checked)}
          />
          <Button type="submit" variant="default" loading={isBusy}>
            {t('common.save')}
          </Button>
        </Stack>
      </form>
      <Text size="sm" mt="xs" role="status">
        {saved !== null && t(saved)}
      </Text>
      {fault !== null && <FaultAlert error={fault} />}
    </Card>
  )
}
