import { Button, Stack, Text } from '@mantine/core'
import { useEffect, useState } from 'react'
import { type AskedConsent, lookAtConsent, startConsent } from '../api/consents.ts'
import { useLanguage } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { useApi } from '../session.tsx'

/** Who asks for what, before the user goes to the platform. The secret leaves the address at once. */
export function ConsentStartPage() {
  const { t } = useLanguage()
  const api = useApi()
  const [secret] = useState(() => location.hash.slice(1))
  const [asked, setAsked] = useState<AskedConsent | null>(null)
  const [fault, setFault] = useState<unknown>(null)
  useEffect(() => {
    history.replaceState(history.state, '', location.pathname)
    lookAtConsent(api, secret).then(setAsked, setFault)
  }, [api, secret])
  const proceed = () => startConsent(api, secret).then((url) => location.assign(url), setFault)
  return (
    <>
      <PageHeading title={t('consent.title')} />
      {fault !== null && <FaultAlert error={fault} />}
      {!asked && fault === null && <Waiting />}
      {asked && (
        <Stack maw={640}>
          <Text>
            {t('consent.asks', {
              organisation: asked.organisation,
              platform: asked.platformLabel,
              app: asked.clientLabel ?? asked.clientId,
            })}
          </Text>
          {asked.scopes && (
            <Text className="break">{t('consent.scopes', { scopes: asked.scopes.join(', ') })}</Text>
          )}
          <Text>{t('consent.unasked')}</Text>
          <div>
            <Button onClick={() => void proceed()}>
              {t('consent.proceed', { platform: asked.platformLabel })}
            </Button>
          </div>
        </Stack>
      )}
    </>
  )
}
