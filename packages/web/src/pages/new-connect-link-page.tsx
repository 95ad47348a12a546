import { Group, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { grantQuery, platformsQuery } from '../api/calls.ts'
import { connectSettingsQuery, type MadeConnectLink } from '../api/connect-links.ts'
import { LinkForm } from '../connect/link-form.tsx'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { GrantTabs } from '../parts/grant-tabs.tsx'
import { LinkButton } from '../parts/link-button.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { SecretOnce } from '../parts/secret-once.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { useApi } from '../session.tsx'

/** `/app/connect-links/new`: a link for one customer. `?renews=grt_…`: one with which a grant is given anew. */
export function NewConnectLinkPage() {
  const { t } = useLanguage()
  const { moment } = useMoments()
  const api = useApi()
  const queries = useQueryClient()
  const { renews = '' } = useSearch({ strict: false })
  const platforms = useQuery(platformsQuery(api))
  const settings = useQuery(connectSettingsQuery(api))
  const renewed = useQuery({ ...grantQuery(api, renews), enabled: renews !== '' })
  const [made, setMade] = useState<MadeConnectLink | null>(null)
  const error = platforms.error ?? settings.error ?? renewed.error
  const isReady = platforms.data && settings.data && (renews === '' || renewed.data)
  const user = renewed.data?.platformUser?.name ?? t('grant.unknownUser')
  return (
    <>
      <GrantTabs />
      <PageHeading title={t('links.new')} />
      <Text mb="md" maw={640}>
        {renewed.data ? t('links.renewLead', { user }) : t('links.newLead')}
      </Text>
      {error && <FaultAlert error={error} />}
      {!isReady && !error && <Waiting />}
      {made && (
        <>
          <SecretOnce
            title={t('links.link')}
            help={t('links.linkHelp', { moment: moment(made.expiresAt) })}
            text={made.url}
            onDone={() => setMade(null)}
          />
          <Group>
            <LinkButton to="/connect-links" variant="default">
              {t('links.toAll')}
            </LinkButton>
          </Group>
        </>
      )}
      {isReady && !made && (
        <LinkForm
          platforms={platforms.data.filter(({ consent }) => consent !== null)}
          settings={settings.data}
          renewed={renewed.data ?? null}
          onMade={async (link) => {
            setMade(link)
            await queries.invalidateQueries({ queryKey: ['connect-links'] })
          }}
        />
      )}
    </>
  )
}
