import { Alert, Button, Group, Progress, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useEffect, useState } from 'react'
import type { Statement } from '../api/answers.ts'
import { ApiFault } from '../api/api-client.ts'
import { type Explanation, statementQuery } from '../api/statements.ts'
import { budgetsQuery } from '../api/usage.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { useApi, useMay } from '../session.tsx'
import { ExplainPicture, useCalls } from './explain-picture.tsx'
import type { RunState } from './use-runs.ts'

const ResultPanel = lazy(() => import('./result-panel.tsx').then((m) => ({ default: m.ResultPanel })))

/** What became of the last Run of a tab. */
export function RunPanel(props: {
  readonly database: string
  readonly state: RunState
  readonly onConfirm: () => void
  readonly onDismiss: () => void
  readonly onCancel: (statement: string) => void
}) {
  const { database, state, onConfirm, onDismiss, onCancel } = props
  const { t } = useLanguage()
  const calls = useCalls()
  switch (state.kind) {
    case 'explaining':
      return <Waiting text={t('sql.planning')} />
    case 'refused':
      return <FaultAlert error={state.error} />
    case 'explained':
      return (
        <Stack gap="sm">
          {state.isAsking && (
            <Alert color="yellow" variant="light" role="alert" title={t('sql.sure')}>
              <Text size="sm">
                {state.explanation.write
                  ? t('sql.sureWrite', { table: state.explanation.write.table })
                  : t('sql.sureCalls')}{' '}
                {calls(state.explanation.calls)}
              </Text>
              <Group mt="sm" gap="xs">
                <Button size="xs" onClick={onConfirm}>
                  {t('sql.runAnyway')}
                </Button>
                <Button size="xs" variant="default" onClick={onDismiss}>
                  {t('common.cancel')}
                </Button>
              </Group>
            </Alert>
          )}
          <ExplainPicture explanation={state.explanation} />
        </Stack>
      )
    case 'started':
      return (
        <Started
          key={state.statement}
          database={database}
          id={state.statement}
          explanation={state.explanation}
          onCancel={() => onCancel(state.statement)}
        />
      )
    default:
      return state satisfies never
  }
}

function Started(props: {
  readonly database: string
  readonly id: string
  readonly explanation: Explanation | null
  readonly onCancel: () => void
}) {
  const { database, id, explanation, onCancel } = props
  const { t } = useLanguage()
  const { data: statement, error } = useQuery(statementQuery(useApi(), database, id))
  if (error) return <FaultAlert error={error} />
  if (!statement) return <Waiting />
  if (statement.endedAt === null)
    return <Running database={database} statement={statement} explanation={explanation} onCancel={onCancel} />
  if (statement.error) {
    if (statement.state === 'cancelled') return <Text role="status">{t('sql.cancelled')}</Text>
    return <FaultAlert error={new ApiFault({ ...statement.error, status: 0 })} />
  }
  return (
    <Stack gap="sm">
      <Facts statement={statement} />
      <Suspense fallback={<Waiting />}>
        <ResultPanel database={database} statement={id} />
      </Suspense>
    </Stack>
  )
}

/** A statement on its way: calls made of those expected, rows, seconds, and a way to stop it. */
function Running(props: {
  readonly database: string
  readonly statement: Statement
  readonly explanation: Explanation | null
  readonly onCancel: () => void
}) {
  const { statement, onCancel } = props
  const { t } = useLanguage()
  const { count } = useMoments()
  const { callsMade, callsExpected, rowsFetched } = statement.progress
  const [seconds, setSeconds] = useState(0)
  const [isCancelling, setCancelling] = useState(false)
  useEffect(() => {
    const started = performance.now()
    const timer = setInterval(() => setSeconds(Math.floor((performance.now() - started) / 1000)), 1000)
    return () => clearInterval(timer)
  }, [])
  const share = callsExpected === 0 ? 0 : Math.min(99, (100 * callsMade) / callsExpected)
  const facts = t('sql.progress', {
    state: t(`run.${statement.state}`),
    made: count(callsMade),
    expected: count(Math.round(callsExpected)),
    rows: count(rowsFetched),
    seconds: count(seconds),
  })
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <div>
          <Text>{facts}</Text>
          <BudgetLeft database={props.database} />
        </div>
        <Button
          size="xs"
          color="red"
          variant="outline"
          c="var(--mantine-color-text)"
          loading={isCancelling}
          onClick={() => {
            setCancelling(true)
            onCancel()
          }}
        >
          {t('sql.cancel')}
        </Button>
      </Group>
      <Progress value={share} aria-label={t('sql.progressLabel')} />
    </Stack>
  )
}

/** Of what a statement reads, where the fewest calls are left: by the minute, and by the day. */
function BudgetLeft({ database }: { readonly database: string }) {
  const { t } = useLanguage()
  const { count } = useMoments()
  const api = useApi()
  const { data } = useQuery({ ...budgetsQuery(api, database), enabled: useMay()('databases:read') })
  const least = (window: 'minute' | 'day') =>
    data?.filter((one) => one.window === window).sort((a, b) => a.remaining - b.remaining)[0]
  const left = (['minute', 'day'] as const).flatMap((window) => {
    const one = least(window)
    if (one === undefined) return []
    const amount = t('activity.leftOf', { left: count(one.remaining), limit: count(one.limit) })
    return [`${amount} (${t(`activity.${window}`)})`]
  })
  if (left.length === 0) return null
  return <Text size="sm">{`${t('activity.budgets')}: ${left.join(' · ')}`}</Text>
}

function Facts({ statement }: { readonly statement: Statement }) {
  const { t } = useLanguage()
  const { count } = useMoments()
  const { stats } = statement
  if (stats === null) return null
  return (
    <div>
      <Text size="sm">
        {t('sql.stats', {
          calls: count(stats.apiCalls),
          rows: count(stats.rowsFetched),
          ms: count(stats.elapsedMs),
        })}
      </Text>
      {stats.warnings.length > 0 && (
        <Alert color="yellow" variant="light" mt="xs" title={t('sql.warnings')}>
          {stats.warnings.map((warning) => (
            <Text key={warning} size="sm" lang="en">
              {warning}
            </Text>
          ))}
        </Alert>
      )}
    </div>
  )
}
