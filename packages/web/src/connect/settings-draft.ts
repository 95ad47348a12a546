import type { ConnectSettings, ConnectSettingsChange } from '../api/connect-links.ts'
import { linesIn } from '../clients/lines-in.ts'

/** The settings as they are typed. */
export interface SettingsDraft {
  readonly name: string
  readonly colour: string
  /** As a data address. */
  readonly logo: string | null
  readonly en: string
  readonly nl: string
  readonly origin: string
  readonly returnAddresses: string
}

/** As the server takes them. */
export const mostLogoBytes = 100 << 10
export const isColour = (text: string) => /^#[0-9a-f]{6}$/.test(text)

export const formOf = ({
  name,
  colour,
  logo,
  texts,
  origin,
  returnAddresses,
}: ConnectSettings): SettingsDraft => ({
  name: name ?? '',
  colour: colour ?? '',
  logo,
  en: texts.en ?? '',
  nl: texts.nl ?? '',
  origin: origin ?? '',
  returnAddresses: returnAddresses.join('\n'),
})

const textOrNone = (text: string) => text.trim() || null
/** As it is compared: browsers write an origin without a slash behind it. */
export const originIn = (text: string) => textOrNone(text.trim().replace(/\/$/, ''))

/**
 * What was changed. Settings that come from an organisation above are taken over whole, so that the first change of one's
 * own leaves everything else as it was seen.
 */
export function changeOf(before: ConnectSettings, draft: SettingsDraft): ConnectSettingsChange {
  const old = formOf(before)
  const changed = (...fields: readonly (keyof SettingsDraft)[]) =>
    before.isInherited || fields.some((field) => old[field] !== draft[field])
  return {
    ...(changed('name') ? { name: textOrNone(draft.name) } : {}),
    ...(changed('colour') ? { colour: textOrNone(draft.colour) } : {}),
    ...(changed('logo') ? { logo: draft.logo?.split(',')[1] ?? null } : {}),
    ...(changed('en', 'nl') ? { texts: { en: textOrNone(draft.en), nl: textOrNone(draft.nl) } } : {}),
    ...(changed('origin') ? { origin: originIn(draft.origin) } : {}),
    ...(changed('returnAddresses') ? { returnAddresses: linesIn(draft.returnAddresses) } : {}),
  }
}

/** A picture as a data address. */
export const readLogo = (file: File) =>
  new Promise<string>((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result))
    reader.onerror = () => reject(reader.error)
    reader.readAsDataURL(file)
  })
