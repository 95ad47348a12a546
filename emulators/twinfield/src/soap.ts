import { childOf, escapeXml, parseXml, textOf, type XmlNode } from './xml.ts'

export const namespace = 'http://www.twinfield.com/'

export interface SoapCall {
  readonly operation: string
  readonly accessToken: string | null
  readonly company: string | null
  /** The element of the operation. */
  readonly body: XmlNode
}

/** A call from its envelope. The operation is the body's first child: some clients send no SOAPAction. */
export function readCall(text: string): SoapCall | null {
  const envelope = parseXml(text)
  const body = childOf(envelope, 'Body')?.children[0]
  if (envelope?.name !== 'Envelope' || body === undefined) return null
  const headers = childOf(envelope, 'Header')
  // The `.svc` services have a header of another name.
  const header = childOf(headers, 'Header') ?? childOf(headers, 'Authentication')
  return {
    operation: body.name,
    accessToken: textOf(header, 'AccessToken'),
    company: textOf(header, 'CompanyCode') ?? textOf(header, 'CompanyId'),
    body,
  }
}

export const envelope = (body: string) =>
  `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>${body}</soap:Body></soap:Envelope>`

export type Language = 'nl' | 'en'

/** Status and text of the faults. The Dutch of 101 is recorded; the other Dutch texts are our own translations. */
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
  108: [500, 'Access denied. Cluster invalid.', 'Toegang geweigerd. Cluster ongeldig.'],
  109: [
    500,
    'Access denied. You have no access to this company.',
    'Toegang geweigerd. U hebt geen toegang tot deze administratie.',
  ],
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
  354: [401, 'Access denied. Token invalid.', 'Toegang geweigerd. Token ongeldig.'],
  358: [500, 'The token cannot be validated now.', 'Het token kan nu niet worden gevalideerd.'],
}

export interface SoapAnswer {
  readonly status: number
  readonly body: string
  readonly outcome: string
  readonly rows: number | null
}

export const isFaultCode = (code: number) => code in faults

/** @see wire facts § 2.4: the code is stable, the text follows the user's language */
export function faultAnswer(code: number, language: Language, operation: string, actor: string): SoapAnswer {
  const [status, en, nl] = faults[code] ?? [500, 'An unexpected error occurred.', 'Onverwachte fout.']
  const text = escapeXml(language === 'nl' ? nl : en)
  return {
    status,
    outcome: `fault ${code}`,
    rows: null,
    body: envelope(
      `<soap:Fault><faultcode>soap:Client</faultcode><faultstring>${text}</faultstring><faultactor>${escapeXml(actor)}</faultactor><detail><message>${text}</message><code>${code}</code><source>${escapeXml(operation)}</source></detail></soap:Fault>`,
    ),
  }
}
