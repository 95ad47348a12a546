import type { LimitReading, ReadAnswer } from '@sluis/engine'
import type { IncomingResponse, OutgoingRequest } from '@sluis/shared'

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
export const escapeXml = (text: string) => text.replace(/[&<>"]/g, (char) => entities[char] ?? char)

const noToken = 'AccessToken></'

/**
 * A document for ProcessXml. The token is missing still: `authorise` puts it in. The company's id is sent as nil,
 * without which one client met empty answers.
 */
export function documentRequest(baseUrl: string, office: string | null, document: string): OutgoingRequest {
  const literal = document.replace(/^<(\w+)/, '<$1 xmlns=""')
  const body = `<ProcessXmlDocument xmlns="http://www.twinfield.com/"><xmlRequest>${literal}</xmlRequest></ProcessXmlDocument>`
  return soapRequest(baseUrl, 'processxml', 'ProcessXmlDocument', office, body)
}

/** An operation of one of the services, for one office or for none. */
export function soapRequest(
  baseUrl: string,
  service: 'processxml' | 'finder',
  operation: string,
  office: string | null,
  body: string,
): OutgoingRequest {
  const company = office === null ? '' : `<CompanyCode>${escapeXml(office)}</CompanyCode>`
  return {
    method: 'POST',
    url: `${baseUrl}/webservices/${service}.asmx`,
    headers: {
      'content-type': 'text/xml; charset=utf-8',
      soapaction: `"http://www.twinfield.com/${operation}"`,
    },
    body: `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soap:Header><Header xmlns="http://www.twinfield.com/"><AccessToken></AccessToken>${company}<CompanyId xsi:nil="true"/></Header></soap:Header><soap:Body>${body}</soap:Body></soap:Envelope>`,
  }
}

/** A query of one of the `.svc` services, whose header has another form. */
export function queryRequest(
  baseUrl: string,
  service: 'DeletedTransactionsService' | 'BankStatementService',
  office: string,
  query: string,
): OutgoingRequest {
  return {
    method: 'POST',
    url: `${baseUrl}/webservices/${service}.svc`,
    headers: {
      'content-type': 'text/xml; charset=utf-8',
      soapaction: `"http://www.twinfield.com/${service}/Query"`,
    },
    body: `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header><Authentication xmlns="http://www.twinfield.com/" xmlns:a="http://schemas.datacontract.org/2004/07/Twinfield.WebServices.Shared"><a:AccessToken></a:AccessToken><a:CompanyCode>${escapeXml(office)}</a:CompanyCode></Authentication></soap:Header><soap:Body>${query}</soap:Body></soap:Envelope>`,
  }
}

/** The request with its token, at the cluster. The header stands before all that a user wrote. */
export function authorise(request: OutgoingRequest, accessToken: string, host: string): OutgoingRequest {
  const path = request.url.slice(request.url.indexOf('/webservices/'))
  const body = (request.body ?? '').replace(noToken, () => `AccessToken>${escapeXml(accessToken)}</`)
  return { ...request, url: `${host}${path}`, body }
}

/**
 * Faults that asking again does not mend: of rights, user, organisation, client software, log-on and claims.
 * @see wire facts § 2.4
 */
const forbidding: ReadonlySet<number> = new Set([102, 104, 105, 106, 107, 109, 110, 122, 351, 352, 353])

/** What an answer means, by the fault's code: its text is in the user's language. @see DEV, web services: faults */
export function judgeAnswer(response: IncomingResponse, receivedAt: number): ReadAnswer {
  const { status, headers, body } = response
  if (status === 429) {
    const after = headers['retry-after']?.trim() ?? ''
    return {
      kind: 'rate-limited',
      retryAt: /^\d{1,6}$/.test(after) ? receivedAt + Number(after) * 1000 : null,
    }
  }
  const head = body.toString('utf8', 0, 4096)
  if (status >= 200 && status < 300) {
    if (/<MessageOfErrorCodes>/.test(head) && /<Type>\s*Error\s*<\/Type>/.test(head)) {
      const text = plain(/<Text>([^<]*)</.exec(head)?.[1] ?? 'The search was refused.')
      return /<Code>\s*(NoAccessToOffice|AccessDenied)\s*</.test(head)
        ? { kind: 'forbidden', text, reason: null }
        : { kind: 'refused', text }
    }
    const [, root, attributes = ''] = /Result[^>]*>\s*<(\w+)((?:\s+[\w:]+="[^"]*")*)/.exec(head) ?? []
    if (root === undefined || !/\sresult="0"/.test(attributes)) return { kind: 'rows' }
    const text = plain(/\smsg="([^"]*)"/.exec(attributes)?.[1] ?? `${root}: result 0`)
    // An invoice that was asked for and is not there is no row, and no fault: "Factuur 1 van type NO bestaat niet."
    if (root === 'salesinvoice' && /\d.*(bestaat niet|does not exist)/.test(text)) return { kind: 'rows' }
    return { kind: 'refused', text }
  }
  const code = Number(/<code>\s*(\d+)\s*<\/code>/.exec(head)?.[1] ?? 0)
  const words = plain(/<faultstring[^>]*>([^<]*)</.exec(head)?.[1] ?? '')
  const text = [`HTTP ${status}`, code === 0 ? '' : `fault ${code}`, words]
    .filter((part) => part !== '')
    .join(' · ')
  if (code === 108) return { kind: 'moved', text }
  if (code === 103 || code === 354) return { kind: 'token-refused', text }
  if (forbidding.has(code)) return { kind: 'forbidden', text, reason: null }
  if (code === 101 || code === 187 || code === 359) return { kind: 'refused', text }
  if (status === 401) return { kind: 'token-refused', text }
  if (status === 403) return { kind: 'forbidden', text, reason: null }
  // Cloudflare's: the service works on it for longer than it may. @see INV, topic 1412
  if (status === 524)
    return { kind: 'too-much', text: 'HTTP 524 · Twinfield works on this question for too long.' }
  return status === 408 || status >= 500 ? { kind: 'transient', text } : { kind: 'refused', text }
}

/** What the parts of a document complain of, each with its element. Several texts are joined with `//` there. */
export const messagesIn = (text: string): readonly string[] =>
  [...text.matchAll(/<(\w+)(?:\s+[\w:]+="[^"]*")*?\s+msg="([^"]+)"/g)].map(
    ([, name = '', message = '']) => `${name}: ${plain(message)}`,
  )

const plain = (text: string) =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .slice(0, 300)

/** Credits left in this minute. When it ends is not told: the clock's minute is taken. */
export function readLimits({ headers }: IncomingResponse, receivedAt: number): readonly LimitReading[] {
  const [limit, remaining] = ['limit', 'remaining'].map(
    (name) => headers[`x-ratelimit-${name}`]?.trim() ?? '',
  )
  if (!/^\d{1,9}$/.test(limit ?? '') || !/^\d{1,9}$/.test(remaining ?? '')) return []
  const resetsAt = (Math.floor(receivedAt / 60_000) + 1) * 60_000
  return [{ window: 'minute', limit: Number(limit), remaining: Number(remaining), resetsAt }]
}
