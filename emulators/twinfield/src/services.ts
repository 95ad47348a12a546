import type { Office } from './dataset.ts'
import type { EmulatorState } from './emulator.ts'
import type { Language } from './faults.ts'
import { search } from './finder.ts'
import { guidOf } from './issuer.ts'
import type { Asker } from './limits.ts'
import { listOffices } from './list-documents.ts'
import { creditsOf, isOfficeList, mostLines, processDocument } from './process-xml.ts'
import { answerQuery, isQueryService } from './query-services.ts'
import { envelope, faultAnswer, namespace, readCall, type SoapAnswer } from './soap.ts'
import { childOf, escapeXml, parseXml, textOf, type XmlNode } from './xml.ts'

export interface ServiceAnswer extends SoapAnswer {
  readonly contentType: string
  readonly headers: Readonly<Record<string, string>>
  readonly clientId: string | null
  readonly user: string | null
  readonly office: string | null
  readonly route: string
  /** Whose call is under way while its answer is. */
  readonly asker: Asker | null
}

export interface ServiceRequest {
  readonly cluster: string
  readonly service: string
  readonly text: string
  readonly url: string
  /** Where the request comes from. */
  readonly address: string
  readonly now: number
  /** The code of a fault that was ordered. */
  readonly orderedFault: number | null
}

/** One call of a web service: cluster, token, claims, limits, company, then the operation. */
export function answerService(request: ServiceRequest, state: EmulatorState): ServiceAnswer {
  const call = readCall(request.text)
  let route = request.service
  const who = { clientId: null as string | null, user: null as string | null, office: null as string | null }
  let headers: Readonly<Record<string, string>> = {}
  let language: Language = 'nl'
  let asker: Asker | null = null
  const wrap = (answer: SoapAnswer, contentType = 'text/xml; charset=utf-8'): ServiceAnswer => ({
    ...answer,
    ...who,
    route,
    headers,
    contentType,
    asker,
  })
  const fault = (code: number) => wrap(faultAnswer(code, language, call?.operation ?? '', request.url))
  if (!call) return fault(187)
  route = `${request.service}/${call.operation}`
  const document = documentOf(call.body)
  if (document)
    route =
      `${request.service}/${document.name} ${textOf(document, 'type') ?? document.attributes.code ?? ''}`.trim()
  const asking = call.accessToken === null ? null : state.issuer.accessOf(call.accessToken)
  if (asking) language = state.issuer.userOf(asking.user).language
  if (request.orderedFault !== null) return fault(request.orderedFault)
  if (request.cluster !== state.issuer.cluster) return fault(108)
  if (call.accessToken === null) return fault(101)
  const access = asking
  const app = access && state.issuer.apps.get(access.clientId)
  if (!access || !app) return fault(354)
  who.clientId = access.clientId
  who.user = access.user
  const user = state.issuer.userOf(access.user)
  asker = { app, organisation: user.organisation, address: request.address }
  if (user.fault !== undefined) return fault(user.fault)
  if (!access.scopes.includes('twf.organisationUser')) return fault(351)
  if (!access.scopes.includes('twf.organisation')) return fault(352)
  const limit = state.limits.take(asker, creditsFor(request.service, call.operation, document), request.now)
  headers = limit.headers
  if (limit.isRefused) {
    return wrap({ status: 429, body: 'Too many requests.', outcome: 'refused', rows: null }, 'text/plain')
  }
  const offices = state.books.offices.filter(
    ({ code }) => user.offices === null || user.offices.includes(code),
  )
  const processed = (xml: string, rows: number | null, outcome = 'answered') => {
    const name = call.operation
    const result = name === 'ProcessXmlString' ? escapeXml(xml) : xml.replace(/^<(\w+)/, '<$1 xmlns=""')
    return wrap({
      status: 200,
      outcome,
      rows,
      body: envelope(
        `<${name}Response xmlns="${namespace}"><${name}Result>${result}</${name}Result></${name}Response>`,
      ),
    })
  }
  if (document && isOfficeList(document)) return processed(listOffices(offices), offices.length)
  if (call.company === null && call.companyId === null) return fault(101)
  const isMeant = ({ code }: Office) =>
    call.company === null ? companyIdOf(code) === call.companyId : code === call.company
  const office = offices.find(isMeant)
  if (request.service === 'session' && call.operation === 'SelectCompany') {
    const wanted = textOf(call.body, 'company')
    const result = offices.some(({ code }) => code === wanted) ? 'Ok' : 'Invalid'
    return wrap(simple('SelectCompany', result))
  }
  // An id that no company has at all is another fault than a company out of reach.
  if (!office && call.company === null && !state.books.offices.some(isMeant)) return fault(359)
  if (!office) return fault(109)
  who.office = office.code
  if (isQueryService(request.service)) {
    if (call.operation !== 'Query') return fault(100)
    const answer = answerQuery(request.service, call.body, office, offices)
    return answer.kind === 'fault'
      ? fault(answer.code)
      : wrap({ status: 200, outcome: 'answered', rows: answer.rows, body: envelope(answer.xml) })
  }
  switch (call.operation) {
    case 'ProcessXmlString':
    case 'ProcessXmlDocument': {
      if (!document) return fault(187)
      // A document may name another office than the header; the user must reach that one too.
      const named = textOf(document, 'office')
      const target = named === null ? office : offices.find(({ code }) => code === named)
      if (!target) {
        const text = 'U hebt geen toegang tot deze administratie.'
        return processed(`<${document.name} msgtype="error" msg="${text}" result="0"/>`, 0, 'refused')
      }
      // Refused since October 2024. @see wire facts § 2.4
      if (mostLines(document) > 1000)
        return wrap({ status: 400, body: '', outcome: 'refused', rows: null }, 'text/plain')
      const answer = processDocument(document, target, language, {
        ...{ now: request.now, user: access.user },
        write: state.books.write,
      })
      // Seen on companies above some 500 000 rows. @see wire facts § 2.4
      if (
        document.name === 'columns' &&
        answer.kind === 'rows' &&
        answer.rows > (state.heavyRows ?? Infinity)
      )
        return wrap({ status: 524, body: 'error code: 524', outcome: 'timed out', rows: null }, 'text/plain')
      return answer.kind === 'rows'
        ? processed(
            answer.xml,
            answer.rows,
            /^<\w+[^>]*\sresult="0"/.test(answer.xml) ? 'refused' : 'answered',
          )
        : fault(100)
    }
    case 'Search': {
      const found = search(call.body, office, offices, access.user, language)
      return wrap({ status: 200, body: envelope(found.xml), outcome: found.outcome, rows: found.rows })
    }
    case 'KeepAlive':
    case 'Abandon':
      return wrap({ ...simple(call.operation, null) })
    case 'GetRole':
      return wrap(simple('GetRole', 'LVL1'))
    default:
      return fault(100)
  }
}

/** The GUID of an office. */
export const companyIdOf = (office: string) => guidOf(`office ${office}`)

/** What a call costs: one credit where it only asks, else three. @see wire facts § 6 */
function creditsFor(service: string, operation: string, document: XmlNode | null): number {
  if (document) return creditsOf(document.name)
  return service === 'deletedtransactionsservice' || /^(Get|Query|Search|Load)/.test(operation) ? 1 : 3
}

const simple = (operation: string, result: string | null): SoapAnswer => ({
  status: 200,
  outcome: 'answered',
  rows: null,
  body: envelope(
    `<${operation}Response xmlns="${namespace}">${result === null ? '' : `<${operation}Result>${result}</${operation}Result>`}</${operation}Response>`,
  ),
})

/** The document in `xmlRequest`: as text (escaped or CDATA) or as elements. */
function documentOf(body: XmlNode): XmlNode | null {
  const request = childOf(body, 'xmlRequest')
  return request?.children[0] ?? (request?.text.trim() ? parseXml(request.text.trim()) : null)
}

/** A service's description, whose address is the emulator's own. */
export function wsdl(service: string, address: string): string {
  return `<?xml version="1.0" encoding="utf-8"?><wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" targetNamespace="${namespace}"><wsdl:service name="${service}"><wsdl:port name="${service}Soap" binding="tns:${service}Soap" xmlns:tns="${namespace}"><soap:address location="${escapeXml(address)}"/></wsdl:port></wsdl:service></wsdl:definitions>`
}
