import { Group, Loader, Text } from '@mantine/core'
import { useLanguage } from '../i18n/language.tsx'

export function Waiting({ text }: { readonly text?: string }) {
  const { t } = useLanguage()
  return (
    <Group gap="sm" role="status" py="md">
      <Loader size="sm" aria-hidden />
      <Text>{text ?? t('common.loading')}</Text>
    </Group>
  )
}
