import { Badge, Button, Checkbox, Group, Stack, Table, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import {
  changeQuery,
  deleteQuery,
  type SavedQuery,
  type SavedQueryText,
  savedQueriesQuery,
  saveQuery,
} from '../api/saved-queries.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { ConfirmButton } from '../parts/confirm-button.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { ListTable } from '../parts/list-table.tsx'
import { useTask } from '../parts/use-task.ts'
import { Waiting } from '../parts/waiting.tsx'
import { useApi } from '../session.tsx'
import type { Tab } from './tabs.ts'

/** From here on the list can be searched. */
const searchedFrom = 8

/** What is kept by name: this tab's text goes in, and what is there opens as a tab. */
export function SavedPanel(props: {
  readonly tab: Tab
  readonly onSaved: (query: SavedQuery) => void
  readonly onOpen: (query: SavedQuery) => void
}) {
  const { tab, onSaved, onOpen } = props
  const { t } = useLanguage()
  const api = useApi()
  const queries = useQueryClient()
  const { data, error } = useQuery(savedQueriesQuery(api))
  const [said, setSaid] = useState('')
  const [wanted, setWanted] = useState('')
  const { fault, isBusy, run } = useTask()
  if (error) return <FaultAlert error={error} />
  if (!data) return <Waiting />
  const refresh = () => queries.invalidateQueries({ queryKey: ['saved-queries'] })
  const act = (work: () => Promise<SavedQuery | null>) =>
    run(async () => {
      setSaid('')
      const saved = await work()
      await refresh()
      if (saved === null) return
      setSaid(t('saved.done', { name: saved.name }))
    })
  const keep = (id: string | null, query: SavedQueryText) =>
    act(async () => {
      const saved = await (id === null ? saveQuery(api, query) : changeQuery(api, id, query))
      onSaved(saved)
      return saved
    })
  const change = (id: string, part: Partial<SavedQueryText>) =>
    act(async () => {
      const saved = await changeQuery(api, id, part)
      // Its tab goes by the new name.
      if (id === tab.saved) onSaved(saved)
      return saved
    })
  const current = data.find(({ id }) => id === tab.saved) ?? null
  const word = wanted.trim().toLowerCase()
  const shown = data.filter(({ name, sql }) => `${name}\n${sql}`.toLowerCase().includes(word))
  return (
    <Stack gap="sm">
      <SaveForm
        key={`${tab.id} ${tab.saved} ${current?.changedAt}`}
        tab={tab}
        saved={current}
        isBusy={isBusy}
        onKeep={keep}
      />
      <Text size="sm" role="status">
        {said}
      </Text>
      {fault !== null && <FaultAlert error={fault} />}
      {data.length === 0 && <Text>{t('saved.none')}</Text>}
      {data.length >= searchedFrom && (
        <TextInput
          size="xs"
          maw="20rem"
          label={t('saved.find')}
          value={wanted}
          onChange={(event) => setWanted(event.currentTarget.value)}
        />
      )}
      {shown.length > 0 && (
        <ListTable
          label={t('saved.title')}
          heads={[t('common.name'), t('saved.by'), t('saved.changed'), t('common.actions')]}
        >
          {shown.map((query) => (
            <SavedRow
              key={query.id}
              query={query}
              onOpen={() => onOpen(query)}
              onChange={(part) => change(query.id, part)}
              onDelete={() =>
                act(async () => {
                  await deleteQuery(api, query.id)
                  return null
                })
              }
            />
          ))}
        </ListTable>
      )}
    </Stack>
  )
}

/** Keeps the tab's text: anew, or in place of what it was opened from. */
function SaveForm(props: {
  readonly tab: Tab
  readonly saved: SavedQuery | null
  readonly isBusy: boolean
  readonly onKeep: (id: string | null, query: SavedQueryText) => Promise<void>
}) {
  const { tab, saved, isBusy, onKeep } = props
  const { t } = useLanguage()
  const [name, setName] = useState(saved?.name ?? tab.title)
  const [isShared, setShared] = useState(saved?.isShared ?? false)
  const own = saved?.mayChange === true ? saved.id : null
  const query = { name: name.trim(), sql: tab.sql, isShared }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    void onKeep(own, query)
  }
  const isEmpty = tab.sql.trim() === '' || name.trim() === ''
  return (
    <form onSubmit={submit}>
      <Group align="flex-end" gap="sm">
        <TextInput
          size="xs"
          w="18rem"
          maw="100%"
          label={t('saved.name')}
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Button type="submit" size="xs" loading={isBusy} disabled={isEmpty}>
          {t(own === null ? 'saved.save' : 'saved.update')}
        </Button>
        {own !== null && (
          <Button
            size="xs"
            variant="default"
            disabled={isBusy || isEmpty}
            onClick={() => void onKeep(null, query)}
          >
            {t('saved.asNew')}
          </Button>
        )}
        <Checkbox
          size="xs"
          pb={6}
          label={t('saved.shared')}
          checked={isShared}
          onChange={(event) => setShared(event.currentTarget.checked)}
        />
      </Group>
    </form>
  )
}

function SavedRow(props: {
  readonly query: SavedQuery
  readonly onOpen: () => void
  readonly onChange: (change: Partial<SavedQueryText>) => Promise<void>
  readonly onDelete: () => Promise<void>
}) {
  const { query, onOpen, onChange, onDelete } = props
  const { t } = useLanguage()
  const { moment } = useMoments()
  const [draft, setDraft] = useState<Pick<SavedQuery, 'name' | 'isShared'> | null>(null)
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (draft === null || draft.name.trim() === '') return
    await onChange({ ...draft, name: draft.name.trim() })
    setDraft(null)
  }
  if (draft !== null) {
    return (
      <Table.Tr>
        <Table.Td colSpan={4}>
          <form onSubmit={submit}>
            <Group gap="sm" align="flex-end">
              <TextInput
                size="xs"
                autoFocus
                label={t('saved.newName', { name: query.name })}
                maxLength={200}
                value={draft.name}
                onChange={(event) => setDraft({ ...draft, name: event.currentTarget.value })}
              />
              <Button type="submit" size="xs">
                {t('common.save')}
              </Button>
              <Button size="xs" variant="default" onClick={() => setDraft(null)}>
                {t('common.cancel')}
              </Button>
              <Checkbox
                size="xs"
                pb={6}
                label={t('saved.shared')}
                checked={draft.isShared}
                onChange={(event) => setDraft({ ...draft, isShared: event.currentTarget.checked })}
              />
            </Group>
          </form>
        </Table.Td>
      </Table.Tr>
    )
  }
  return (
    <Table.Tr>
      <Table.Td className="break" title={query.sql}>
        {query.name}
        {query.isShared && (
          <Badge ml="xs" size="sm" variant="default">
            {t('saved.isShared')}
          </Badge>
        )}
      </Table.Td>
      <Table.Td>{query.isOwn ? t('saved.you') : (query.author ?? t('saved.gone'))}</Table.Td>
      <Table.Td>{moment(query.changedAt)}</Table.Td>
      <Table.Td>
        <Group gap={6} wrap="nowrap">
          <Button
            size="compact-sm"
            variant="default"
            aria-label={`${t('sql.open')}: ${query.name}`}
            onClick={onOpen}
          >
            {t('sql.open')}
          </Button>
          {query.mayChange && (
            <>
              <Button
                size="compact-sm"
                variant="default"
                aria-label={`${t('saved.edit')}: ${query.name}`}
                onClick={() => setDraft({ name: query.name, isShared: query.isShared })}
              >
                {t('saved.edit')}
              </Button>
              <ConfirmButton label={t('saved.delete')} of={query.name} onConfirm={onDelete} />
            </>
          )}
        </Group>
      </Table.Td>
    </Table.Tr>
  )
}
