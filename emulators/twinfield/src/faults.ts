export type Language = 'nl' | 'en'

/**
 * Status and text of every fault that is known. The texts of 101, 103 and 354 in English and that of 101 in Dutch are
 * recorded; the others say the same in our own words. The status of 359 is not known. @see wire facts § 2.4
 */
const faults: Readonly<Record<number, readonly [status: number, en: string, nl: string]>> = {
  100: [500, 'An unexpected error occurred.', 'Er is een onverwachte fout opgetreden.'],
  101: [
    500,
    'Access denied. Company is missing in request header.',
    'Toegang geweigerd. Company ontbreekt in request header.',
  ],
  102: [403, 'Access denied.', 'Toegang geweigerd.'],
  103: [
    401,
    'Your logon credentials are not valid anymore. Try to log on again.',
    'Uw aanmeldgegevens zijn niet meer geldig. Probeer opnieuw aan te melden.',
  ],
  104: [403, 'The user has been deleted.', 'De gebruiker is verwijderd.'],
  105: [403, 'The user has been disabled.', 'De gebruiker is geblokkeerd.'],
  106: [403, 'The organisation is inactive.', 'De organisatie is niet actief.'],
  107: [500, 'A code by text message is needed to log on.', 'Voor het aanmelden is een sms-code nodig.'],
  108: [500, 'Access denied. Cluster invalid.', 'Toegang geweigerd. Cluster ongeldig.'],
  109: [
    500,
    'Access denied. You have no access to this company.',
    'Toegang geweigerd. U hebt geen toegang tot deze administratie.',
  ],
  110: [500, 'Logging on is not allowed on this server.', 'Aanmelden is op deze server niet toegestaan.'],
  122: [500, 'This client software is not allowed.', 'Deze clientsoftware is niet toegestaan.'],
  168: [
    500,
    'Another logon has taken over this session.',
    'Een andere aanmelding heeft deze sessie overgenomen.',
  ],
  186: [500, 'Invalid zlib data.', 'Ongeldige zlib-gegevens.'],
  187: [500, 'Invalid XML.', 'Ongeldige XML.'],
  351: [
    401,
    'Access denied. Claim twf.organisationUserCode is missing.',
    'Toegang geweigerd. Claim twf.organisationUserCode ontbreekt.',
  ],
  352: [
    403,
    'Access denied. Claim twf.organisationCode is missing.',
    'Toegang geweigerd. Claim twf.organisationCode ontbreekt.',
  ],
  353: [
    403,
    'Access denied. Claim twf.organisationId is missing.',
    'Toegang geweigerd. Claim twf.organisationId ontbreekt.',
  ],
  354: [401, 'Access denied. Token invalid.', 'Toegang geweigerd. Token ongeldig.'],
  358: [500, 'The token cannot be validated now.', 'Het token kan nu niet worden gevalideerd.'],
  359: [500, 'The company id is invalid.', 'Het company-id is ongeldig.'],
}

export const isFaultCode = (code: number) => code in faults

/** Status and text of a fault for a user of a language. */
export function faultOf(
  code: number,
  language: Language,
): { readonly status: number; readonly text: string } {
  const known = faults[code]
  if (!known) throw new TypeError(`fault ${code} is not known`)
  const [status, en, nl] = known
  return { status, text: language === 'nl' ? nl : en }
}
