import { Button, Text } from '@mantine/core'
import { useLanguage } from '../i18n/language.tsx'

/** The last step of a handover, and what is under way once it was taken. */
export function ContinueButton({
  isBusy,
  platform,
}: {
  readonly isBusy: boolean
  readonly platform: { readonly label: string }
}) {
  const { t } = useLanguage()
  return (
    <div>
      <Button type="submit" size="md" loading={isBusy}>
        {t('wizard.continue')}
      </Button>
      <Text size="sm" role="status" mt="xs">
        {isBusy && t('wizard.working', { platform: platform.label })}
      </Text>
    </div>
  )
}
