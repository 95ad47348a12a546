import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useEffect } from 'react'
import type { Platform } from '../api/answers.ts'
import { grantQuery, platformsQuery } from '../api/calls.ts'
import { useLanguage } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { useApi } from '../session.tsx'
import { putIntoWizard } from '../wizard/draft.ts'
import { slugOf } from '../wizard/platform-facts.ts'
import { Wizard } from '../wizard/wizard.tsx'

/**
 * `/app/setup/databases/new/exactonline`: the procedure of a database from credentials obtained elsewhere.
 * `?grant=grt_…`: the grant that it is to read through is chosen already.
 */
export function WizardPage() {
  const { t } = useLanguage()
  const { platform: slug } = useParams({ strict: false })
  const { grant } = useSearch({ strict: false })
  const { data, error, refetch } = useQuery(platformsQuery(useApi()))
  if (error) return <FaultAlert error={error} onRetry={() => void refetch()} />
  if (!data) return <Waiting />
  const platform = data.find(({ id }) => slugOf(id) === slug)
  if (platform && grant !== undefined) return <WithGrant platform={platform} id={grant} />
  if (platform) return <Wizard key={platform.id} platform={platform} />
  return (
    <>
      <PageHeading title={t('wizard.unknown')} />
      <Link to="/setup/databases/new">{t('platforms.title')}</Link>
    </>
  )
}

/** Puts the grant of the address into the wizard, and its country with it. */
function WithGrant({ platform, id }: { readonly platform: Platform; readonly id: string }) {
  const navigate = useNavigate()
  const { data: grant, error, refetch } = useQuery(grantQuery(useApi(), id))
  useEffect(() => {
    if (!grant) return
    if (grant.platform === platform.id) putIntoWizard(platform.id, { grant: id, region: grant.region })
    void navigate({
      to: '/setup/databases/new/$platform',
      params: { platform: slugOf(grant.platform) },
      search: grant.platform === platform.id ? {} : { grant: id },
      replace: true,
    })
  }, [grant, platform.id, id, navigate])
  return error ? <FaultAlert error={error} onRetry={() => void refetch()} /> : <Waiting />
}
