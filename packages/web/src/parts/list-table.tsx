import { Table } from '@mantine/core'
import type { ReactNode } from 'react'

/** A table with a name, which scrolls by itself where it is wider than the window. */
export function ListTable(props: {
  readonly label: string
  readonly heads: readonly string[]
  readonly children: ReactNode
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="scroll" tabIndex={0} aria-label={props.label}>
      <Table verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            {props.heads.map((head) => (
              <Table.Th key={head}>{head}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{props.children}</Table.Tbody>
      </Table>
    </section>
  )
}
