import { Group, Text } from '@mantine/core'
import type { ReactNode } from 'react'

/** Where a list has nothing yet: what would stand here, and the way to the first one. */
export function EmptyState(props: {
  readonly title: string
  readonly help?: string
  readonly children?: ReactNode
}) {
  return (
    <section className="empty-state">
      <Text fw={600}>{props.title}</Text>
      {props.help !== undefined && <Text size="sm">{props.help}</Text>}
      {props.children !== undefined && (
        <Group justify="center" mt="md">
          {props.children}
        </Group>
      )}
    </section>
  )
}
