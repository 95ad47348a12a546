import { Button, Progress, Stack, Table, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import type { Statement } from '../api/answers.ts'
import { partitionsQuery, statementsQuery } from '../api/calls.ts'
import { budgetsQuery, watchEveryMs } from '../api/usage.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { DatabaseNav } from '../parts/database-nav.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { ListTable } from '../parts/list-table.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { RunningStatements } from '../parts/running-statements.tsx'
import { StatementTable } from '../parts/statement-table.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { useApi } from '../session.tsx'

/** What happens on a database: statements that run and ran, the calls of one, and what is left of the budgets. */
export function ActivityPage() {
  const { t } = useLanguage()
  const api = useApi()
  const { name = '' } = useParams({ strict: false })
  const { data, error, refetch } = useQuery({
    ...statementsQuery(api, name),
    refetchInterval: watchEveryMs,
  })
  const [chosen, setChosen] = useState<string | null>(null)
  const running = (data ?? []).filter(({ endedAt }) => endedAt === null)
  const ended = (data ?? []).filter(({ endedAt }) => endedAt !== null)
  const one = data?.find(({ id }) => id === chosen)
  return (
    <div className="wide-page">
      <PageHeading title={`${t('database.activity')} · ${name}`} />
      <DatabaseNav name={name} />
      {error && <FaultAlert error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data && (
        <Stack gap="lg">
          <section aria-label={t('activity.running')}>
            <Title order={2} size="h4" mb="xs">
              {t('activity.running')}
            </Title>
            <RunningStatements statements={running} database={name} />
          </section>
          <Budgets name={name} />
          <section aria-label={t('activity.ended')}>
            <Title order={2} size="h4" mb="xs">
              {t('activity.ended')}
            </Title>
            <StatementTable
              statements={ended}
              action={({ id, sql }) => (
                <Button
                  size="compact-xs"
                  variant="default"
                  aria-label={`${t('activity.calls')}: ${sql.slice(0, 40)}`}
                  onClick={() => setChosen(id)}
                >
                  {t('activity.calls')}
                </Button>
              )}
            />
          </section>
          {one && <NativeCalls statement={one} />}
        </Stack>
      )}
    </div>
  )
}

function NativeCalls({ statement }: { readonly statement: Statement }) {
  const { t } = useLanguage()
  const { count } = useMoments()
  return (
    <section aria-label={t('activity.nativeCalls')}>
      <Title order={2} size="h4" mb="xs">
        {t('activity.nativeCalls')}
      </Title>
      <pre className="code break">{statement.sql}</pre>
      {statement.nativeCalls.length === 0 ? (
        <Text mt="xs">{t('explain.noScan')}</Text>
      ) : (
        <ListTable
          label={t('activity.nativeCalls')}
          heads={[t('activity.request'), t('activity.status'), t('activity.rows'), 'kB', 'ms']}
        >
          {statement.nativeCalls.map((call, index) => (
            <Table.Tr key={index}>
              <Table.Td>
                <code>
                  {call.method} {call.route}
                </code>
              </Table.Td>
              <Table.Td>{call.status ?? '–'}</Table.Td>
              <Table.Td>{call.rows === null ? '–' : count(call.rows)}</Table.Td>
              <Table.Td>{count(Math.round(call.bytes / 1000))}</Table.Td>
              <Table.Td>{count(Math.round(call.ms))}</Table.Td>
            </Table.Tr>
          ))}
        </ListTable>
      )}
    </section>
  )
}

function Budgets({ name }: { readonly name: string }) {
  const { t } = useLanguage()
  const { count, time } = useMoments()
  const api = useApi()
  const { data: budgets, error } = useQuery(budgetsQuery(api, name))
  const { data: partitions } = useQuery(partitionsQuery(api, name))
  const names = new Map(partitions?.map((one) => [one.id, one.name]))
  return (
    <section aria-label={t('activity.budgets')}>
      <Title order={2} size="h4" mb="xs">
        {t('activity.budgets')}
      </Title>
      {error && <FaultAlert error={error} />}
      {budgets?.length === 0 && <Text>{t('activity.noBudget')}</Text>}
      {budgets && budgets.length > 0 && (
        <ListTable
          label={t('activity.budgets')}
          heads={[
            t('activity.partition'),
            t('grants.client'),
            t('activity.window'),
            t('activity.left'),
            t('activity.resets'),
          ]}
        >
          {budgets.map(({ source, clientId, partition, window, endpoint, limit, remaining, resetsAt }) => (
            <Table.Tr key={`${source} ${partition} ${window} ${endpoint}`}>
              <Table.Td>
                {names.get(partition) ?? partition} <Text span size="sm">{`${source} ${partition}`}</Text>
              </Table.Td>
              <Table.Td>{clientId}</Table.Td>
              <Table.Td>
                {window === 'hour'
                  ? t('activity.errorHour', { endpoint: endpoint ?? '' })
                  : t(window === 'day' ? 'activity.day' : 'activity.minute')}
              </Table.Td>
              <Table.Td miw={160}>
                {t('activity.leftOf', { left: count(remaining), limit: count(limit) })}
                <Progress value={(100 * remaining) / Math.max(1, limit)} size="sm" aria-hidden />
              </Table.Td>
              <Table.Td>{time(resetsAt)}</Table.Td>
            </Table.Tr>
          ))}
        </ListTable>
      )}
    </section>
  )
}
