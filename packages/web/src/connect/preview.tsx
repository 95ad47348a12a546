import { Group, SegmentedControl, Title } from '@mantine/core'
import { useState } from 'react'
import type { Brand } from '../api/connect.ts'
import { InLanguage, type Language, useLanguage } from '../i18n/language.tsx'
import { BrandedLook } from '../parts/branded-frame.tsx'
import { Asked } from './asked.tsx'

/** The page as a customer will see it. It is a picture: nothing in it can be pressed. */
export function Preview(props: {
  readonly brand: Brand
  readonly platform: { readonly id: string; readonly label: string }
  readonly returnHost: string
}) {
  const { t, language } = useLanguage()
  const [shown, setShown] = useState<Language>(language)
  return (
    <section aria-labelledby="preview">
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4" id="preview">
          {t('brand.preview')}
        </Title>
        <SegmentedControl
          size="xs"
          aria-label={t('brand.previewLanguage')}
          value={shown}
          onChange={(next) => setShown(next as Language)}
          data={[
            { value: 'en', label: 'English' },
            { value: 'nl', label: 'Nederlands' },
          ]}
        />
      </Group>
      <div inert lang={shown}>
        <InLanguage language={shown}>
          <Picture {...props} />
        </InLanguage>
      </div>
    </section>
  )
}

function Picture({ brand, platform, returnHost }: Parameters<typeof Preview>[0]) {
  const { t } = useLanguage()
  const asked = {
    brand,
    platform: platform.id,
    platformLabel: platform.label,
    region: { id: 'nl', label: 'nl', isOperators: false },
    clientLabel: null,
    scopes: null,
    isRenewal: false,
    returnHost,
  }
  return (
    <BrandedLook brand={brand} isPicture onLanguage={() => {}}>
      <Asked asked={asked} isPicture>
        <Group>
          <span className="branded-button">{t('connect.proceed', { platform: platform.label })}</span>
          <span>{t('connect.no')}</span>
        </Group>
      </Asked>
    </BrandedLook>
  )
}
