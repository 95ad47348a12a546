import { Stack, Text } from '@mantine/core'
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { problemOf } from '../api/api-client.ts'
import { type ConnectEnd, isConnectEnd } from '../api/connect.ts'
import { endConsent, type Preauthentication } from '../api/consents.ts'
import { arrivedAt } from '../arrival.ts'
import { useLanguage } from '../i18n/language.tsx'
import { BrandedFrame } from '../parts/branded-frame.tsx'
import { ConnectEnded } from '../parts/connect-ended.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { Shell } from '../parts/shell.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { useSession } from '../session.tsx'
import { putIntoWizard, takeBack } from '../wizard/draft.ts'
import { slugOf } from '../wizard/platform-facts.ts'

/** The platform sent the browser back here. The code leaves the address at once, and is told to the server once. */
export function ConsentReturnPage() {
  const { t } = useLanguage()
  const { api, standing } = useSession()
  const navigate = useNavigate()
  const [ended, setEnded] = useState<Preauthentication | null>(null)
  const [connect, setConnect] = useState<ConnectEnd | null>(null)
  const [fault, setFault] = useState<unknown>(null)
  const isTold = useRef(false)
  useEffect(() => {
    if (isTold.current) return
    isTold.current = true
    const back = takeBack()
    history.replaceState(history.state, '', location.pathname)
    endConsent(api, arrivedAt).then((result) => {
      if (isConnectEnd(result)) {
        setConnect(result.connect)
        return
      }
      setEnded(result)
      const { grant, platform } = result
      if (grant === null || back === null) return
      if (back.kind === 'renew') {
        const search = { became: grant }
        void navigate({ to: '/grants/$id/renew', params: { id: back.grant }, search, replace: true })
      } else if (back.platform === platform) {
        putIntoWizard(platform, { grant })
        void navigate({
          to: '/setup/databases/new/$platform',
          params: { platform: slugOf(platform) },
          replace: true,
        })
      }
    }, setFault)
  }, [api, navigate])
  if (connect !== null) return <ConnectEnded end={connect} />
  // Nobody's page until the server has said whose: a partner's customer is not shown ours.
  if (ended === null && fault === null) {
    return (
      <BrandedFrame brand={null}>
        <Waiting />
      </BrandedFrame>
    )
  }
  const isNo = fault !== null && problemOf(fault).code === 'CONSENT_REFUSED'
  return (
    <Shell>
      <PageHeading title={t('consent.returned')} />
      {fault !== null && (
        <Stack maw={640}>
          {isNo && <Text>{t('consent.refused')}</Text>}
          <FaultAlert error={fault} />
        </Stack>
      )}
      {ended && (
        <Stack maw={640}>
          <Text role="status">{t(ended.grant === null ? 'consent.doneElsewhere' : 'consent.done')}</Text>
          {ended.grant !== null && standing.kind === 'in' && (
            <Link to="/grants/$id" params={{ id: ended.grant }}>
              {t('consent.toGrant')}
            </Link>
          )}
        </Stack>
      )}
    </Shell>
  )
}
