import { Group, Title } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'

/** The page's name, also as the window's. */
export function PageHeading({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Sluis`
  }, [title])
  return (
    <Group justify="space-between" mb="md" gap="sm">
      <Title order={1} size="h2" className="break">
        {title}
      </Title>
      {children}
    </Group>
  )
}
