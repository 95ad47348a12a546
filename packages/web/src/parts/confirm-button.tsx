import { Button, Group } from '@mantine/core'
import { useState } from 'react'
import { useLanguage } from '../i18n/language.tsx'

/** A button that asks once more. `of` tells who listens which one it is. */
export function ConfirmButton(props: {
  readonly label: string
  readonly of: string
  readonly onConfirm: () => Promise<void> | void
}) {
  const { t } = useLanguage()
  const [isAsking, setAsking] = useState(false)
  if (!isAsking) {
    return (
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`${props.label}: ${props.of}`}
        onClick={() => setAsking(true)}
      >
        {props.label}
      </Button>
    )
  }
  return (
    <Group gap={4} wrap="nowrap">
      <Button
        size="compact-sm"
        color="red"
        autoFocus
        aria-label={`${t('common.sure')} ${props.label}: ${props.of}`}
        onClick={async () => {
          setAsking(false)
          await props.onConfirm()
        }}
      >
        {t('common.sure')}
      </Button>
      <Button size="compact-sm" variant="default" onClick={() => setAsking(false)}>
        {t('common.cancel')}
      </Button>
    </Group>
  )
}
