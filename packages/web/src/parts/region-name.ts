import type { Region } from '../api/answers.ts'
import type { Translate } from '../i18n/language.tsx'
import { en, type MessageKey } from '../i18n/messages.en.ts'

/** A region in the person's language; an operator's own by the name it was given. */
export function regionName({ id, label, isOperators }: Region, t: Translate): string {
  const key = `region.${id}`
  return !isOperators && key in en ? t(key as MessageKey) : label
}
