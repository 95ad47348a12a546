import { Text } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useLanguage } from '../i18n/language.tsx'
import type { MessageKey } from '../i18n/messages.en.ts'

/** How long something that came in at `since` still lives at most. Quiet for screen readers until it is over. */
export function Countdown(props: {
  readonly since: number
  readonly seconds: number
  readonly running: MessageKey
  readonly over: MessageKey
}) {
  const { since, seconds, running, over } = props
  const { t } = useLanguage()
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  const left = Math.max(0, Math.ceil((since + seconds * 1000 - now) / 1000))
  if (left === 0) {
    return (
      <Text size="sm" fw={600} role="status">
        {t(over, { minutes: Math.round(seconds / 60) })}
      </Text>
    )
  }
  const time = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
  return (
    <Text size="sm" role="timer" aria-live="off">
      {t(running, { time })}
    </Text>
  )
}
