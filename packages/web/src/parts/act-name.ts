import { useLanguage } from '../i18n/language.tsx'
import { en, type MessageKey } from '../i18n/messages.en.ts'

type KnownAct = Extract<MessageKey, `event.${string}`> extends `event.${infer Act}` ? Act : never
const isKnown = (action: string): action is KnownAct => `event.${action}` in en

/** What happened, in words; an act of a newer server than this page by its own name. */
export function useActName(): (action: string) => string {
  const { t } = useLanguage()
  return (action) => (isKnown(action) ? t(`event.${action}`) : action)
}
