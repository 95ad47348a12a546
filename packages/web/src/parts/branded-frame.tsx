import { Button } from '@mantine/core'
import { type CSSProperties, type ReactNode, useEffect } from 'react'
import type { Brand } from '../api/connect.ts'
import { type Language, useLanguage } from '../i18n/language.tsx'

interface Props {
  /** Null until it is known whose page this is. */
  readonly brand: Brand | null
  readonly language?: Language | null
  readonly children: ReactNode
}

/** The frame of pages that a partner's customers see: the partner's name, logo and colour, and none of our own ways on. */
export function BrandedFrame({ brand, language: suggested = null, children }: Props) {
  const { t, language, setLanguage, suggestLanguage } = useLanguage()
  useEffect(() => {
    if (suggested !== null) suggestLanguage(suggested)
    // Once, when it is known: who then chooses another language keeps that.
  }, [suggested])
  useEffect(() => {
    if (brand !== null) document.title = brand.name
  }, [brand])
  const other = language === 'nl' ? 'en' : 'nl'
  const colours = { '--brand': brand?.colour, '--brand-text': brand?.textColour } as CSSProperties
  return (
    <div className="branded" style={colours}>
      <header className="branded-header">
        {brand?.logo && <img className="branded-logo" src={brand.logo} alt="" />}
        <span className="branded-name break">{brand?.name}</span>
        <Button
          variant="subtle"
          size="compact-sm"
          color="gray"
          lang={other}
          onClick={() => setLanguage(other)}
        >
          {t('nav.language')}
        </Button>
      </header>
      <main className="branded-main" id="main">
        {children}
      </main>
      {brand && (
        <footer className="branded-footer break">
          {t('connect.footer', { organisation: brand.organisation })}
        </footer>
      )}
    </div>
  )
}
