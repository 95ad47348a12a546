import { Stack, Text, Title } from '@mantine/core'
import { useEffect } from 'react'
import type { ConnectEnd } from '../api/connect.ts'
import { useLanguage } from '../i18n/language.tsx'
import { BrandedFrame } from './branded-frame.tsx'
import { Waiting } from './waiting.tsx'

/** A visit is over. The browser goes back to the partner by itself, but for a refusal, which is read first. */
export function ConnectEnded({ end }: { readonly end: ConnectEnd }) {
  const { t } = useLanguage()
  const { outcome, reason, brand, language, returnUrl } = end
  const goes = outcome !== 'refused' && returnUrl !== null
  useEffect(() => {
    if (goes) location.replace(returnUrl)
  }, [goes, returnUrl])
  const { name } = brand
  return (
    <BrandedFrame brand={brand} language={language}>
      {goes && <Waiting text={t('connect.going', { name })} />}
      {!goes && outcome !== 'refused' && (
        <Text role="status">{t(outcome === 'cancelled' ? 'connect.cancelled' : 'connect.done')}</Text>
      )}
      {outcome === 'refused' && (
        <Stack>
          <Title order={1} size="h2">
            {t('connect.stopped')}
          </Title>
          <Text role="alert">{t(`connect.end.${reason ?? 'failed'}`, { name })}</Text>
          {returnUrl !== null && (
            <div>
              <a className="branded-button" href={returnUrl}>
                {t('connect.back', { name })}
              </a>
            </div>
          )}
        </Stack>
      )}
    </BrandedFrame>
  )
}
