import { Alert, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { connectSettingsQuery } from '../api/connect-links.ts'
import { SettingsForm } from '../connect/settings-form.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { GrantTabs } from '../parts/grant-tabs.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { useApi } from '../session.tsx'

/** `/app/connect-links/settings`: how the pages that customers see look, and where they may be sent. */
export function ConnectSettingsPage() {
  const { t } = useLanguage()
  const { data, error, refetch } = useQuery(connectSettingsQuery(useApi()))
  return (
    <>
      <GrantTabs />
      <PageHeading title={t('brand.title')} />
      <Text mb="md" maw={640}>
        {t('brand.lead')}
      </Text>
      {error && <FaultAlert error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data?.isInherited && (
        <Alert variant="light" mb="md" maw={640}>
          {t('brand.inherited')}
        </Alert>
      )}
      {data && <SettingsForm settings={data} />}
    </>
  )
}
