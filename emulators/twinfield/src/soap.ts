import { faultOf, type Language } from './faults.ts'
import { childOf, escapeXml, parseXml, textOf, type XmlNode } from './xml.ts'

export const namespace = 'http://www.twinfield.com/'

export interface SoapCall {
  readonly operation: string
  readonly accessToken: string | null
  readonly company: string | null
  /** The company's id, a GUID, which may stand in place of its code. */
  readonly companyId: string | null
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
    company: textOf(header, 'CompanyCode'),
    companyId: textOf(header, 'CompanyId'),
    body,
  }
}

export const envelope = (body: string) =>
  `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>${body}</soap:Body></soap:Envelope>`

export interface SoapAnswer {
  readonly status: number
  readonly body: string
  readonly outcome: string
  readonly rows: number | null
}

/** @see wire facts § 2.4: the code is stable, the text follows the user's language */
export function faultAnswer(code: number, language: Language, operation: string, actor: string): SoapAnswer {
  const { status, text: words } = faultOf(code, language)
  const text = escapeXml(words)
  return {
    status,
    outcome: `fault ${code}`,
    rows: null,
    body: envelope(
      `<soap:Fault><faultcode>soap:Client</faultcode><faultstring>${text}</faultstring><faultactor>${escapeXml(actor)}</faultactor><detail><message>${text}</message><code>${code}</code><source>${escapeXml(operation)}</source></detail></soap:Fault>`,
    ),
  }
}
