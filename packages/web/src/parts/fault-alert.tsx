import { Button, Text } from '@mantine/core'
import { problemOf } from '../api/api-client.ts'
import { useLanguage } from '../i18n/language.tsx'
import { Refusal } from './refusal.tsx'

/** A failed call in the server's words, which are English, with what to do next. */
export function FaultAlert({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  const { t } = useLanguage()
  const { code, detail, hint } = problemOf(error)
  return (
    <Refusal title={code}>
      <Text lang="en">
        {detail} {hint}
      </Text>
      {onRetry && (
        <Button mt="sm" variant="default" size="xs" onClick={onRetry}>
          {t('common.retry')}
        </Button>
      )}
    </Refusal>
  )
}
