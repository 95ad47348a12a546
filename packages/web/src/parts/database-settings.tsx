import { Button, Card, Group, Text, TextInput, Title } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import type { Database } from '../api/answers.ts'
import { renameDatabase } from '../api/calls.ts'
import { useLanguage } from '../i18n/language.tsx'
import { useApi } from '../session.tsx'
import { FaultAlert } from './fault-alert.tsx'
import { useTask } from './use-task.ts'

/** A database's title and name. */
export function DatabaseSettings({ database }: { readonly database: Database }) {
  const { t } = useLanguage()
  const api = useApi()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [title, setTitle] = useState(database.title ?? '')
  const [name, setName] = useState(database.name)
  const [isSaved, setSaved] = useState(false)
  const { fault, isBusy, run } = useTask()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setSaved(false)
    void run(async () => {
      const changed = await renameDatabase(api, database.name, {
        name: name.trim(),
        title: title.trim() === '' ? null : title.trim(),
      })
      await queries.invalidateQueries({ queryKey: ['databases'], refetchType: 'none' })
      queries.setQueryData(['databases', changed.name], changed)
      setSaved(true)
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
          <Button type="submit" variant="default" loading={isBusy}>
            {t('common.save')}
          </Button>
        </Group>
      </form>
      <Text size="sm" mt="xs" role="status">
        {isSaved && t('database.renamed')}
      </Text>
      {fault !== null && <FaultAlert error={fault} />}
    </Card>
  )
}
