import { Stack, Text, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import type { ConnectAsked } from '../api/connect.ts'
import { useLanguage } from '../i18n/language.tsx'
import { regionName } from '../parts/region-name.ts'

/** Who asks a customer for what; `children` are the ways on. */
export function Asked(props: {
  readonly asked: Omit<ConnectAsked, 'refusal' | 'returnUrl' | 'language'>
  readonly children: ReactNode
  readonly isPicture?: boolean
}) {
  const { t, language } = useLanguage()
  const { brand, platformLabel: platform, region, clientLabel, scopes, returnHost, isRenewal } = props.asked
  const { name } = brand
  const own = brand.texts[language]
  return (
    <Stack>
      <Title order={props.isPicture ? 3 : 1} size="h2" className="break">
        {t(isRenewal ? 'connect.renew' : 'connect.title', { platform })}
      </Title>
      <Text className="break">{t('connect.asks', { name, platform })}</Text>
      {own !== null && <Text className="break branded-text">{own}</Text>}
      {isRenewal && <Text>{t('connect.same')}</Text>}
      <dl className="facts">
        <dt>{t('connect.platform')}</dt>
        <dd>
          {platform} · {regionName(region, t)}
        </dd>
        {clientLabel !== null && (
          <>
            <dt>{t('connect.app')}</dt>
            <dd>{clientLabel}</dd>
          </>
        )}
        {scopes !== null && scopes.length > 0 && (
          <>
            <dt>{t('connect.scopes')}</dt>
            <dd>{scopes.join(', ')}</dd>
          </>
        )}
        <dt>{t('connect.after')}</dt>
        <dd>{returnHost}</dd>
      </dl>
      <Text>{t('connect.own', { name, platform })}</Text>
      {props.children}
      <Text size="sm">{t('connect.unasked')}</Text>
    </Stack>
  )
}
