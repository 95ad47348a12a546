import { Alert, Button, Group, SegmentedControl, Stack, Text, TextInput } from '@mantine/core'
import { lazy, Suspense, useEffect, useState } from 'react'
import { saveFile } from '../api/save-answer.ts'
import { type ResultFormat, saveResult } from '../api/statements.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { useApi } from '../session.tsx'
import { ResultGrid } from './result/result-grid.tsx'
import type { ResultView } from './result/result-rows.ts'
import { useResult } from './result/use-result.ts'

const formats: readonly (readonly [ResultFormat | 'xlsx', string])[] = [
  ['csv', 'CSV'],
  ['xlsx', 'Excel'],
  ['parquet', 'Parquet'],
  ['json', 'JSON'],
  ['ndjson', 'NDJSON'],
]
const QuickChart = lazy(() => import('./chart/quick-chart.tsx').then((m) => ({ default: m.QuickChart })))
const plainView: ResultView = { sort: null, filter: '' }

/** The rows of a statement that is done: find, sort, copy, take along. */
export function ResultPanel({
  database,
  statement,
}: {
  readonly database: string
  readonly statement: string
}) {
  const { t } = useLanguage()
  const { count } = useMoments()
  const api = useApi()
  const { client, columns, count: rows, isReading, isFull, error } = useResult(api, database, statement)
  const [view, setView] = useState(plainView)
  const [look, setLook] = useState<'rows' | 'chart'>('rows')
  const [shown, setShown] = useState<number | null>(null)
  const [filter, setFilter] = useState('')
  const [busy, setBusy] = useState<string | null>(null)
  const [fault, setFault] = useState<unknown>(null)
  const [note, setNote] = useState<string | null>(null)

  // While somebody types, the worker is asked once and not for each letter.
  useEffect(() => {
    const timer = setTimeout(() => setView((now) => (now.filter === filter ? now : { ...now, filter })), 250)
    return () => clearTimeout(timer)
  }, [filter])
  useEffect(() => {
    if (client === null || isReading) return
    let isCurrent = true
    void client.setView(view).then((found) => isCurrent && setShown(found))
    return () => {
      isCurrent = false
    }
  }, [client, isReading, view])

  const sort = (column: number) =>
    setView((now) => ({
      ...now,
      sort:
        now.sort?.column !== column
          ? { column, isDescending: false }
          : now.sort.isDescending
            ? null
            : { column, isDescending: true },
    }))
  const save = async (format: ResultFormat | 'xlsx') => {
    setBusy(format)
    setFault(null)
    setNote(null)
    try {
      if (format !== 'xlsx') return await saveResult(api, database, statement, format)
      const made = await client?.excel()
      if (made?.kind === 'excess') return setNote(t('grid.excelExcess'))
      if (made === undefined) return
      saveFile(made.file, `${database}-${statement.slice(-6)}.xlsx`)
      if (made.cutCells > 0) setNote(t('grid.excelCut', { cells: count(made.cutCells) }))
    } catch (problem) {
      setFault(problem)
    } finally {
      setBusy(null)
    }
  }
  if (error !== null && rows === 0) return <FaultAlert error={error} />
  if (client === null || (isReading && rows === 0)) return <Waiting text={t('grid.reading', { rows: '' })} />
  const isViewed = !isReading && shown !== null
  const visible = isViewed ? shown : rows
  const version = `${isViewed} ${shown} ${JSON.stringify(view)}`
  return (
    <Stack gap="xs">
      {error !== null && <FaultAlert error={error} />}
      <Group justify="space-between" align="flex-end" gap="xs">
        <Group gap="sm" align="flex-end">
          <TextInput
            size="xs"
            label={t('grid.filter')}
            value={filter}
            disabled={isReading}
            onChange={(event) => setFilter(event.currentTarget.value)}
          />
          <SegmentedControl
            size="xs"
            aria-label={t('chart.look')}
            disabled={isReading}
            value={look}
            onChange={(value) => setLook(value as typeof look)}
            data={[
              { value: 'rows', label: t('grid.title') },
              { value: 'chart', label: t('chart.chart') },
            ]}
          />
        </Group>
        <Group gap={6} role="group" aria-label={t('grid.export')}>
          <Text size="sm">{t('grid.export')}</Text>
          {formats.map(([format, name]) => (
            <Button
              key={format}
              size="compact-sm"
              variant="default"
              loading={busy === format}
              disabled={isReading}
              onClick={() => void save(format)}
            >
              {name}
            </Button>
          ))}
        </Group>
      </Group>
      {fault !== null && <FaultAlert error={fault} />}
      {note !== null && (
        <Alert color="yellow" variant="light" role="alert">
          {note}
        </Alert>
      )}
      <Text size="sm" role="status">
        {isReading
          ? t('grid.reading', { rows: count(rows) })
          : visible === rows
            ? t('grid.rows', { rows: count(rows) })
            : t('grid.found', { found: count(visible), rows: count(rows) })}
        {isFull && ` ${t('grid.full')}`}
      </Text>
      {look === 'chart' && !isReading ? (
        <Suspense fallback={<Waiting />}>
          <QuickChart client={client} columns={columns} rows={visible} version={version} />
        </Suspense>
      ) : (
        <ResultGrid
          client={client}
          columns={columns}
          rows={visible}
          view={view}
          version={version}
          onSort={(column) => !isReading && sort(column)}
          label={t('grid.title')}
        />
      )}
    </Stack>
  )
}
