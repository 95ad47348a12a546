import { Alert, Button, Stack, Text } from '@mantine/core'
import { useLanguage } from '../i18n/language.tsx'
import { CopyText } from './copy-text.tsx'

/** A link or key that is shown this once; it is in this page's memory only and goes with it. */
export function SecretOnce(props: {
  readonly title: string
  readonly help: string
  readonly text: string
  readonly onDone: () => void
}) {
  const { t } = useLanguage()
  return (
    <Alert title={props.title} role="status" mb="md" variant="default">
      <Stack gap="xs">
        <Text size="sm">{props.help}</Text>
        <CopyText label={props.title} text={props.text} />
        <div>
          <Button size="xs" variant="default" onClick={props.onDone}>
            {t('common.done')}
          </Button>
        </div>
      </Stack>
    </Alert>
  )
}
