import { Button } from '@mantine/core'
import { type CSSProperties, type ReactNode, useEffect } from 'react'
import type { Brand } from '../api/connect.ts'
import { textOn } from '../connect/text-on.ts'
import { type Language, useLanguage } from '../i18n/language.tsx'

interface Props {
  /** Null until it is known whose page this is. */
  readonly brand: Brand | null
  readonly language?: Language | null
  readonly children: ReactNode
}

/** The frame of pages that a partner's customers see: the partner's name, logo and colour, and none of our own ways on. */
export function BrandedFrame({ brand, language: suggested = null, children }: Props) {
  const { setLanguage, suggestLanguage } = useLanguage()
  useEffect(() => {
    if (suggested !== null) suggestLanguage(suggested)
    // Once, when it is known: who then chooses another language keeps that.
  }, [suggested])
  useEffect(() => {
    if (brand !== null) document.title = brand.name
  }, [brand])
  return (
    <BrandedLook brand={brand} onLanguage={setLanguage}>
      {children}
    </BrandedLook>
  )
}

/** How the frame looks; as a picture on another page it has no landmarks of its own. */
export function BrandedLook(props: {
  readonly brand: Brand | null
  readonly children: ReactNode
  readonly onLanguage: (language: Language) => void
  readonly isPicture?: boolean
}) {
  const { brand, children, onLanguage, isPicture = false } = props
  const { t, language } = useLanguage()
  const other = language === 'nl' ? 'en' : 'nl'
  const colours = brand && { '--brand': brand.colour, '--brand-text': textOn(brand.colour) }
  const [Header, Main, Footer] = isPicture
    ? (['div', 'div', 'div'] as const)
    : (['header', 'main', 'footer'] as const)
  return (
    <div className={isPicture ? 'branded picture' : 'branded'} style={{ ...colours } as CSSProperties}>
      <Header className="branded-header">
        {brand?.logo && <img className="branded-logo" src={brand.logo} alt="" />}
        <span className="branded-name break">{brand?.name}</span>
        <Button
          variant="subtle"
          size="compact-sm"
          color="gray"
          lang={other}
          onClick={() => onLanguage(other)}
        >
          {t('nav.language')}
        </Button>
      </Header>
      <Main className="branded-main" {...(isPicture ? {} : { id: 'main' })}>
        {children}
      </Main>
      {brand && (
        <Footer className="branded-footer break">
          {t('connect.footer', { organisation: brand.organisation })}
        </Footer>
      )}
    </div>
  )
}
