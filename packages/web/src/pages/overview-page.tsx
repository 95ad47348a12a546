import { Stack, Table, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { databasesQuery, grantsQuery, mostGrants } from '../api/calls.ts'
import { usageQuery } from '../api/usage.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { healthOf, healths, timesToLive, timeToLive } from '../overview/time-to-live.ts'
import { BarChart } from '../parts/bar-chart.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { ListTable } from '../parts/list-table.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { RunningStatements } from '../parts/running-statements.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { useApi, useMay } from '../session.tsx'

/** An organisation at a glance: what runs, what it cost, what needs somebody. */
export function OverviewPage() {
  const { t } = useLanguage()
  const { weekday, count } = useMoments()
  const api = useApi()
  const may = useMay()
  const { data: usage, error } = useQuery(usageQuery(api))
  const { data: databases } = useQuery({ ...databasesQuery(api), enabled: may('databases:read') })
  const { data: grants } = useQuery({ ...grantsQuery(api), enabled: may('grants:read') })
  const states = new Map(grants?.map(({ id, state }) => [id, state]))
  return (
    <div className="wide-page">
      <PageHeading title={t('overview.title')} />
      {error && <FaultAlert error={error} />}
      {!usage && !error && <Waiting />}
      {usage && (
        <Stack gap="xl">
          <div className="charts">
            <BarChart
              title={t('overview.calls')}
              bars={usage.days.map(({ day, calls }) => ({ label: weekday(day), value: calls }))}
            />
            {databases && grants && (
              <BarChart
                title={t('overview.databases')}
                bars={healths.map((health) => ({
                  label: t(`health.${health}`),
                  value: databases.filter(
                    ({ sources }) =>
                      healthOf(
                        sources.map(({ grant }) => grant),
                        states,
                      ) === health,
                  ).length,
                }))}
              />
            )}
            {grants && (
              <BarChart
                title={t('overview.grants')}
                bars={timesToLive.map((time) => ({
                  label: t(`live.${time}`),
                  value: grants.filter((grant) => timeToLive(grant, Date.now()) === time).length,
                }))}
              />
            )}
            <BarChart
              title={t('overview.statements')}
              bars={usage.days.map(({ day, statements }) => ({ label: weekday(day), value: statements }))}
            />
          </div>
          {grants && grants.length >= mostGrants && (
            <Text size="sm">{t('grants.more', { count: count(grants.length) })}</Text>
          )}
          <section aria-label={t('activity.running')}>
            <Title order={2} size="h4" mb="xs">
              {t('activity.running')}
            </Title>
            <RunningStatements statements={usage.running} />
          </section>
          <section aria-label={t('overview.errors')}>
            <Title order={2} size="h4" mb="xs">
              {t('overview.errors')}
            </Title>
            {usage.errors.length === 0 ? (
              <Text>{t('overview.noErrors')}</Text>
            ) : (
              <ListTable label={t('overview.errors')} heads={[t('overview.code'), t('overview.times')]}>
                {usage.errors.map(({ code, statements }) => (
                  <Table.Tr key={code}>
                    <Table.Td>
                      <code>{code}</code>
                    </Table.Td>
                    <Table.Td>{count(statements)}</Table.Td>
                  </Table.Tr>
                ))}
              </ListTable>
            )}
          </section>
        </Stack>
      )}
    </div>
  )
}
