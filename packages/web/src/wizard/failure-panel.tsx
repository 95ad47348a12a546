import { Alert, Button, Group, Text } from '@mantine/core'
import { useEffect, useRef } from 'react'
import type { Region } from '../api/answers.ts'
import type { Problem } from '../api/api-client.ts'
import { useLanguage } from '../i18n/language.tsx'
import type { MessageKey } from '../i18n/messages.en.ts'
import { regionName } from '../parts/region-name.ts'
import { failureOf } from './failures.ts'

/** Why nothing came of it: what happened to the credentials, the server's words, and the next step. */
export function FailurePanel(props: {
  readonly title: MessageKey
  readonly problem: Problem
  readonly regions: readonly Region[]
  /** Where another country, or the grant that is held, can be taken here. */
  readonly onRegion?: (region: string) => void
  readonly onGrant?: (grant: string) => void
}) {
  const { problem, regions, onRegion, onGrant } = props
  const { t } = useLanguage()
  const panel = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (problem) panel.current?.focus()
  }, [problem])
  const { fate, next } = failureOf(problem.code)
  const stamped = regions.find(({ id }) => id === problem.stamped)
  const { grant } = problem
  return (
    <Alert ref={panel} tabIndex={-1} color="red" title={t(props.title)} role="alert">
      <Text fw={600}>{t(`fate.${fate}`)}</Text>
      <Text>{t(fate === 'held' && !onGrant ? 'next.held' : next)}</Text>
      <Text size="sm" mt="xs" lang="en" className="break">
        {problem.code}: {problem.detail}
      </Text>
      <Group mt="sm">
        {stamped && onRegion && (
          <Button variant="default" onClick={() => onRegion(stamped.id)}>
            {t('wizard.stampFix', { stamped: regionName(stamped, t) })}
          </Button>
        )}
        {fate === 'held' && typeof grant === 'string' && onGrant && (
          <Button variant="default" onClick={() => onGrant(grant)}>
            {t('wizard.useGrant')}
          </Button>
        )}
      </Group>
    </Alert>
  )
}
