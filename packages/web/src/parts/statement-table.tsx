import { Table, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Statement } from '../api/answers.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { Actor } from './actor.tsx'

/** What ran, newest first; `action` is what can be done with one. */
export function StatementTable(props: {
  readonly statements: readonly Statement[]
  readonly action?: (statement: Statement) => ReactNode
}) {
  const { statements, action } = props
  const { t } = useLanguage()
  const { moment, count } = useMoments()
  if (statements.length === 0) return <Text>{t('database.noStatements')}</Text>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="scroll" tabIndex={0} aria-label={t('database.statements')}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('common.when')}</Table.Th>
            <Table.Th>SQL</Table.Th>
            <Table.Th>{t('common.state')}</Table.Th>
            <Table.Th>{t('database.calls')}</Table.Th>
            <Table.Th>{t('grant.by')}</Table.Th>
            {action && <Table.Th>{t('common.action')}</Table.Th>}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {statements.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Td>{moment(one.startedAt)}</Table.Td>
              <Table.Td className="cell" title={one.sql}>
                <code>{one.sql}</code>
              </Table.Td>
              <Table.Td>
                {t(`run.${one.state}`)}
                {one.error && (
                  <Text size="xs" lang="en">
                    {one.error.code}
                  </Text>
                )}
              </Table.Td>
              <Table.Td>{count(one.progress.callsMade)}</Table.Td>
              <Table.Td>
                <Actor {...one} />
              </Table.Td>
              {action && <Table.Td>{action(one)}</Table.Td>}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  )
}
