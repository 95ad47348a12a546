import { Table, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Statement } from '../api/answers.ts'
import { cancelStatement } from '../api/statements.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { May, useApi } from '../session.tsx'
import { Actor } from './actor.tsx'
import { ConfirmButton } from './confirm-button.tsx'
import { FaultAlert } from './fault-alert.tsx'
import { ListTable } from './list-table.tsx'
import { useTask } from './use-task.ts'

/** What runs now: how far it is, and a way to stop it. */
export function RunningStatements(props: {
  readonly statements: readonly (Statement & { readonly database?: string })[]
  readonly database?: string
}) {
  const { statements } = props
  const { t } = useLanguage()
  const { count, time } = useMoments()
  const api = useApi()
  const queries = useQueryClient()
  const { fault, run } = useTask()
  if (statements.length === 0) return <Text>{t('activity.idle')}</Text>
  return (
    <>
      {fault !== null && <FaultAlert error={fault} />}
      <ListTable
        label={t('activity.running')}
        heads={[
          t('activity.since'),
          t('activity.database'),
          'SQL',
          t('database.calls'),
          t('activity.rows'),
          t('grant.by'),
          t('common.action'),
        ]}
      >
        {statements.map((one) => {
          const database = one.database ?? props.database ?? ''
          const { callsMade, callsExpected, rowsFetched } = one.progress
          return (
            <Table.Tr key={one.id}>
              <Table.Td>{time(one.startedAt)}</Table.Td>
              <Table.Td>
                <Link to="/databases/$name/activity" params={{ name: database }}>
                  {database}
                </Link>
              </Table.Td>
              <Table.Td className="cell" title={one.sql}>
                <code>{one.sql}</code>
              </Table.Td>
              <Table.Td>
                {t('activity.progress', {
                  made: count(callsMade),
                  expected: count(Math.round(callsExpected)),
                })}
              </Table.Td>
              <Table.Td>{count(rowsFetched)}</Table.Td>
              <Table.Td>
                <Actor {...one} />
              </Table.Td>
              <Table.Td>
                <May scope="query">
                  <ConfirmButton
                    label={t('activity.cancel')}
                    of={one.sql.slice(0, 40)}
                    onConfirm={() =>
                      run(async () => {
                        await cancelStatement(api, database, one.id)
                        await queries.invalidateQueries()
                      })
                    }
                  />
                </May>
              </Table.Td>
            </Table.Tr>
          )
        })}
      </ListTable>
    </>
  )
}
