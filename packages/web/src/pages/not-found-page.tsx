import { Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useLanguage } from '../i18n/language.tsx'
import { PageHeading } from '../parts/page-heading.tsx'

export function NotFoundPage() {
  const { t } = useLanguage()
  return (
    <>
      <PageHeading title="404" />
      <Text mb="md">{t('common.notFound')}</Text>
      <Link to="/databases">{t('common.toDatabases')}</Link>
    </>
  )
}
