import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import { en, type MessageKey } from './messages.en.ts'
import { nl } from './messages.nl.ts'

export type Language = 'en' | 'nl'
const texts: Readonly<Record<Language, Readonly<Record<MessageKey, string>>>> = { en, nl }
const storageKey = 'sluis.language'

export type Translate = (key: MessageKey, blanks?: Readonly<Record<string, string | number>>) => string

const translateTo =
  (language: Language): Translate =>
  (key, blanks = {}) =>
    texts[language][key].replace(/\{(\w+)\}/g, (_, name: string) => String(blanks[name] ?? ''))

interface LanguageContext {
  readonly language: Language
  readonly setLanguage: (language: Language) => void
  /** The language of an address, for who has not chosen one here. */
  readonly suggestLanguage: (language: Language) => void
  readonly t: Translate
}

const Context = createContext<LanguageContext | null>(null)

const startLanguage = (): Language => {
  const chosen = localStorage.getItem(storageKey)
  if (chosen === 'en' || chosen === 'nl') return chosen
  return navigator.language.toLowerCase().startsWith('nl') ? 'nl' : 'en'
}

/** Texts in the person's language: chosen before, else the browser's, else English. */
export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState(startLanguage)
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  const value = useMemo<LanguageContext>(
    () => ({
      language,
      setLanguage: (next) => {
        localStorage.setItem(storageKey, next)
        setLanguage(next)
      },
      suggestLanguage: (next) => {
        if (localStorage.getItem(storageKey) === null) setLanguage(next)
      },
      t: translateTo(language),
    }),
    [language],
  )
  return <Context value={value}>{children}</Context>
}

/** What is inside is in this language, whatever the person's own is. */
export function InLanguage({
  language,
  children,
}: {
  readonly language: Language
  readonly children: ReactNode
}) {
  const outer = useLanguage()
  const value = useMemo(() => ({ ...outer, language, t: translateTo(language) }), [outer, language])
  return <Context value={value}>{children}</Context>
}

export function useLanguage(): LanguageContext {
  const value = useContext(Context)
  if (value === null) throw new TypeError('LanguageProvider is missing')
  return value
}

/** Moments in the person's language and time zone. */
export function useMoments() {
  const { language, t } = useLanguage()
  const locale = language === 'nl' ? 'nl-NL' : 'en-GB'
  return {
    date: (iso: string) => new Intl.DateTimeFormat(locale, { dateStyle: 'long' }).format(new Date(iso)),
    time: (iso: string) => new Intl.DateTimeFormat(locale, { timeStyle: 'short' }).format(new Date(iso)),
    moment: (iso: string | null) =>
      iso === null
        ? t('common.never')
        : new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso)),
    weekday: (iso: string) =>
      new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric', timeZone: 'UTC' }).format(
        new Date(iso),
      ),
    count: (value: number) => new Intl.NumberFormat(locale).format(value),
  }
}
