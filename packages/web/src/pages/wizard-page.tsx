import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { platformsQuery } from '../api/calls.ts'
import { useLanguage } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { useApi } from '../session.tsx'
import { slugOf } from '../wizard/platform-facts.ts'
import { Wizard } from '../wizard/wizard.tsx'

/** `/app/setup/databases/new/exactonline`: the procedure of a database from credentials obtained elsewhere. */
export function WizardPage() {
  const { t } = useLanguage()
  const { platform: slug } = useParams({ strict: false })
  const { data, error, refetch } = useQuery(platformsQuery(useApi()))
  if (error) return <FaultAlert error={error} onRetry={() => void refetch()} />
  if (!data) return <Waiting />
  const platform = data.find(({ id }) => slugOf(id) === slug)
  if (platform) return <Wizard key={platform.id} platform={platform} />
  return (
    <>
      <PageHeading title={t('wizard.unknown')} />
      <Link to="/setup/databases/new">{t('platforms.title')}</Link>
    </>
  )
}
