import { Table } from '@mantine/core'
import type { QueryAnswer } from '../api/answers.ts'

/** A few rows of an answer, NULL visible. */
export function ResultTable({ answer, label }: { readonly answer: QueryAnswer; readonly label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="scroll rows" tabIndex={0} aria-label={label}>
      <Table striped withTableBorder verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            {answer.columns.map(({ name, type }) => (
              <Table.Th key={name} title={type}>
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {answer.rows.map((row, index) => (
            <Table.Tr key={index}>
              {answer.columns.map(({ name }, column) => (
                <Table.Td key={name} className="cell">
                  <Cell value={row[column]} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  )
}

export function Cell({ value }: { readonly value: unknown }) {
  if (value === null || value === undefined) return <span className="null">NULL</span>
  return <>{typeof value === 'object' ? JSON.stringify(value) : String(value)}</>
}
