import { ActionIcon, Button, Group, SegmentedControl, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { problemOf } from '../api/api-client.ts'
import { statementsQuery } from '../api/calls.ts'
import { RunPanel } from '../editor/run-panel.tsx'
import { SavedPanel } from '../editor/saved-panel.tsx'
import { type ErrorMark, SqlInput, type SqlInputHandle } from '../editor/sql-input.tsx'
import { parametersIn, statementAt, toParameters } from '../editor/statement-at.ts'
import {
  changeTab,
  closeTab,
  freeTitle,
  loadTabs,
  newTab,
  openTab,
  saveTabs,
  type Tab,
  type Tabs,
  tabsPlace,
} from '../editor/tabs.ts'
import { useCatalogue } from '../editor/use-catalogue.ts'
import { type RunState, useRuns } from '../editor/use-runs.ts'
import { useLanguage } from '../i18n/language.tsx'
import { DatabaseNav } from '../parts/database-nav.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { StatementTable } from '../parts/statement-table.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { useAccess, useApi, useSession } from '../session.tsx'

/** `Mod` as this machine's keyboards have it. */
const runKeys = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘↵' : 'Ctrl+Enter'

/** SQL on one database: what it costs before it runs, how it goes while it does, and its rows. */
export function SqlPage() {
  const { name = '' } = useParams({ strict: false })
  return <Editor key={name} name={name} />
}

function useTabs(name: string) {
  const { t } = useLanguage()
  const { standing, api } = useSession()
  const person = standing.kind === 'in' ? standing.session.person : null
  const place = useMemo(() => tabsPlace(person, api.organisation, name), [person, api.organisation, name])
  const word = t('sql.query')
  const fallback = useCallback(() => newTab(freeTitle([], word)), [word])
  const [tabs, setTabs] = useState<Tabs>(() => loadTabs(place, fallback))
  useEffect(() => {
    const timer = setTimeout(() => saveTabs(place, tabs), 300)
    // What was typed last is kept too when the page goes.
    return () => {
      clearTimeout(timer)
      saveTabs(place, tabs)
    }
  }, [place, tabs])
  const open = useCallback(
    (sql: string, title?: string, saved: string | null = null) =>
      setTabs((now) => openTab(now, newTab(title ?? freeTitle(now.list, word), sql, saved))),
    [word],
  )
  return { tabs, setTabs, fallback, open }
}

function Editor({ name }: { readonly name: string }) {
  const { t } = useLanguage()
  const api = useApi()
  const navigate = useNavigate()
  const { table } = useSearch({ strict: false }) as { table?: string }
  const { tabs, setTabs, fallback, open } = useTabs(name)
  const [panel, setPanel] = useState<'result' | 'history' | 'saved'>('result')
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const handle = useRef<SqlInputHandle>(null)
  // Saved queries are the organisation's, and a key for one database reaches nothing of that.
  const maySave = useAccess()?.databases === null
  const loadCatalogue = useCatalogue(api, name)
  const runs = useRuns(api, name, (tab, statement) => setTabs((now) => changeTab(now, tab, { statement })))
  const tab = tabs.list.find(({ id }) => id === tabs.current) ?? (tabs.list[0] as Tab)

  // A table chosen elsewhere opens as a query; the address is tidied, so that a reload opens no second one.
  const opened = useRef<string | null>(null)
  useEffect(() => {
    if (table === undefined || opened.current === table) return
    opened.current = table
    open(`SELECT *\nFROM ${table}\nLIMIT 100`, table)
    void navigate({ to: '/databases/$name/sql', params: { name }, replace: true })
  }, [table, open, navigate, name])

  const state: RunState | null =
    runs.states[tab.id] ??
    (tab.statement === null ? null : { kind: 'started', statement: tab.statement, explanation: null })
  const parameters = useMemo(() => parametersIn(tab.sql), [tab.sql])
  const ask = (isRun: boolean) => {
    const range = statementAt(tab.sql, handle.current?.selection() ?? { from: 0, to: 0 })
    if (range === null) return
    const sql = tab.sql.slice(range.from, range.to)
    const given = toParameters(parametersIn(sql), values)
    setPanel('result')
    void runs.ask(tab.id, given === undefined ? { sql } : { sql, parameters: given }, range, isRun)
  }
  const mark = useMemo(() => markOf(state), [state])
  return (
    <div className="wide-page">
      <PageHeading title={`${t('database.sql')} · ${name}`} />
      <DatabaseNav name={name} />
      <TabBar
        tabs={tabs}
        onChoose={(current) => setTabs((now) => ({ ...now, current }))}
        onClose={(id) => setTabs((now) => closeTab(now, id, fallback))}
        onNew={() => open('')}
      />
      <Stack gap="sm">
        <SqlInput
          tab={tab.id}
          sql={tab.sql}
          label={`SQL: ${tab.title}`}
          onChange={(sql) => setTabs((now) => changeTab(now, tab.id, { sql }))}
          onRun={() => ask(true)}
          loadCatalogue={loadCatalogue}
          mark={mark}
          handle={handle}
        />
        {parameters.length > 0 && (
          <Group gap="xs" role="group" aria-label={t('sql.parameters')}>
            {parameters.map((parameter) => (
              <TextInput
                key={parameter}
                size="xs"
                label={`$${parameter}`}
                placeholder="NULL"
                value={values[parameter] ?? ''}
                onChange={(event) => setValues({ ...values, [parameter]: event.currentTarget.value })}
              />
            ))}
          </Group>
        )}
        <Group justify="space-between" gap="xs">
          <Group gap="xs">
            <Button onClick={() => ask(true)} title={runKeys}>
              {t('sql.run')}
            </Button>
            <Button variant="default" onClick={() => ask(false)}>
              {t('sql.explain')}
            </Button>
            {maySave && (
              <Button variant="default" onClick={() => setPanel('saved')}>
                {t('common.save')}…
              </Button>
            )}
            <Text size="sm" visibleFrom="sm">
              {t('sql.help', { keys: runKeys })}
            </Text>
          </Group>
          <SegmentedControl
            size="xs"
            aria-label={t('sql.panel')}
            value={panel}
            onChange={(value) => setPanel(value as typeof panel)}
            data={[
              { value: 'result', label: t('sql.result') },
              { value: 'history', label: t('sql.history') },
              ...(maySave ? [{ value: 'saved', label: t('saved.panel') }] : []),
            ]}
          />
        </Group>
        {panel === 'history' ? (
          <History name={name} onOpen={(sql) => open(sql)} />
        ) : panel === 'saved' ? (
          <SavedPanel
            tab={tab}
            onSaved={({ id, name: title }) => setTabs((now) => changeTab(now, tab.id, { saved: id, title }))}
            onOpen={({ id, sql, name: title }) => open(sql, title, id)}
          />
        ) : state === null ? (
          <Text>{t('sql.empty')}</Text>
        ) : (
          <RunPanel
            database={name}
            state={state}
            onConfirm={() => void runs.confirm(tab.id)}
            onDismiss={() => runs.dismiss(tab.id)}
            onCancel={(statement) => void runs.cancel(statement)}
          />
        )}
      </Stack>
    </div>
  )
}

/** Where the server found fault with the text; it counts from 1 in the statement, and we from 0 in the tab. */
function markOf(state: RunState | null): ErrorMark | null {
  if (state?.kind !== 'refused') return null
  const { position, detail, hint } = problemOf(state.error)
  if (typeof position !== 'number') return null
  return { at: state.from + position - 1, message: [detail, hint].filter(Boolean).join(' ') }
}

function TabBar(props: {
  readonly tabs: Tabs
  readonly onChoose: (id: string) => void
  readonly onClose: (id: string) => void
  readonly onNew: () => void
}) {
  const { tabs, onChoose, onClose, onNew } = props
  const { t } = useLanguage()
  return (
    <nav className="sql-tabs" aria-label={t('sql.tabs')}>
      {tabs.list.map(({ id, title }) => (
        <span key={id} className={id === tabs.current ? 'sql-tab current' : 'sql-tab'}>
          <button type="button" aria-current={id === tabs.current} onClick={() => onChoose(id)}>
            {title}
          </button>
          <button type="button" aria-label={t('sql.closeTab', { title })} onClick={() => onClose(id)}>
            ×
          </button>
        </span>
      ))}
      <ActionIcon variant="default" aria-label={t('sql.newTab')} onClick={onNew}>
        +
      </ActionIcon>
    </nav>
  )
}

function History({ name, onOpen }: { readonly name: string; readonly onOpen: (sql: string) => void }) {
  const { t } = useLanguage()
  const { data, error } = useQuery({ ...statementsQuery(useApi(), name), refetchInterval: 3000 })
  if (error) return <FaultAlert error={error} />
  if (!data) return <Waiting />
  return (
    <StatementTable
      statements={data}
      action={({ sql }) => (
        <Button size="compact-xs" variant="default" onClick={() => onOpen(sql)}>
          {t('sql.open')}
        </Button>
      )}
    />
  )
}
