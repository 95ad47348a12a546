import { Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { platformsQuery } from '../api/calls.ts'
import { useLanguage } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { GrantTabs } from '../parts/grant-tabs.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { BeginForm } from '../preauthentication/begin-form.tsx'
import { rememberLink } from '../preauthentication/link-memory.ts'
import { useApi } from '../session.tsx'

/** `/app/preauthentications/new`: asks for a consent. What is known can stand in the address. */
export function NewPreauthenticationPage() {
  const { t } = useLanguage()
  const api = useApi()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { platform = '', region = '', client = '' } = useSearch({ strict: false })
  const { data, error, refetch } = useQuery(platformsQuery(api))
  return (
    <>
      <GrantTabs />
      <PageHeading title={t('pre.new')} />
      <Text mb="md" maw={640}>
        {t('pre.newLead')}
      </Text>
      {error && <FaultAlert error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data && (
        <BeginForm
          platforms={data.filter(({ consent }) => consent !== null)}
          place={{ platform, region }}
          client={client}
          onBegun={async (begun) => {
            rememberLink(queries, begun)
            await queries.invalidateQueries({ queryKey: ['preauthentications'], refetchType: 'none' })
            await navigate({ to: '/preauthentications/$id', params: { id: begun.id } })
          }}
        />
      )}
    </>
  )
}
