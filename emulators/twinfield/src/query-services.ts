import type { BankStatement, Office } from './dataset.ts'
import { namespace } from './soap.ts'
import { element, type XmlNode } from './xml.ts'

export type QueryAnswer =
  | { readonly kind: 'rows'; readonly xml: string; readonly rows: number }
  | { readonly kind: 'fault'; readonly code: number }

interface Service {
  /** The name in its contract and addresses. */
  readonly name: string
  readonly query: string
  /** Members of the query in the order of the alphabet; one that comes out of it is passed over. */
  readonly members: readonly string[]
}

const services: Readonly<Record<string, Service>> = {
  deletedtransactionsservice: {
    name: 'DeletedTransactionsService',
    query: 'GetDeletedTransactions',
    members: ['CompanyCode', 'DateFrom', 'DateTo'],
  },
  bankstatementservice: {
    name: 'BankStatementService',
    query: 'GetBankStatements',
    members: ['IncludePostedStatements', 'StatementDateFrom', 'StatementDateTo'],
  },
}

export const isQueryService = (service: string) => service in services

const contractOf = ({ name }: Service) =>
  `http://schemas.datacontract.org/2004/07/Twinfield.WebServices.${name}`

/**
 * A query of one of the `.svc` services. Its type must be named in its own data contract, and members count only in the
 * order of the alphabet, as data contracts read them. @see wire facts § 2.2
 */
export function answerQuery(
  service: string,
  body: XmlNode,
  office: Office,
  offices: readonly Office[],
): QueryAnswer {
  const known = services[service]
  if (!known || !isOfType(body, known)) return { kind: 'fault', code: 100 }
  const asked = membersInOrder(body, known)
  const date = (name: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.exec(asked.get(name) ?? '')?.[0] ?? null
  if (known.query === 'GetDeletedTransactions') {
    const target = offices.find(({ code }) => code === asked.get('CompanyCode'))
    if (!target) return { kind: 'fault', code: 109 }
    // Both bounds must be there; every deletion is between any of them here.
    if (date('DateFrom') === null || date('DateTo') === null) return { kind: 'fault', code: 100 }
    return answer(known, 'DeletedTransactions', target.deleted.map(deletedXml))
  }
  const [from, to] = [date('StatementDateFrom'), date('StatementDateTo')]
  if (from === null || to === null) return { kind: 'fault', code: 100 }
  const isPosted = asked.get('IncludePostedStatements') === 'true'
  const found = office.statements.filter(
    (one) => (isPosted || one.transaction === null) && momentOf(one.date) >= from && momentOf(one.date) <= to,
  )
  return answer(known, 'BankStatements', found.map(statementXml))
}

function isOfType(body: XmlNode, service: Service): boolean {
  const [, prefix = '', type] = /^(?:([^:]+):)?(\w+)$/.exec(body.attributes['i:type'] ?? '') ?? []
  const bound = body.attributes[prefix === '' ? 'xmlns' : `xmlns:${prefix}`]
  return type === service.query && bound === contractOf(service)
}

function membersInOrder(body: XmlNode, { members }: Service): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  let at = 0
  for (const { name, text } of body.children) {
    const place = members.indexOf(name, at)
    if (place < 0) continue
    found.set(name, text.trim())
    at = place + 1
  }
  return found
}

function answer(service: Service, list: string, rows: readonly string[]): QueryAnswer {
  const inner = `<a:${list}>${rows.join('')}</a:${list}>`
  return {
    kind: 'rows',
    rows: rows.length,
    xml: `<QueryResponse xmlns="${namespace}"><Result xmlns:a="${contractOf(service)}" xmlns:i="http://www.w3.org/2001/XMLSchema-instance">${inner}</Result></QueryResponse>`,
  }
}

const deletedXml = ({ code, number }: { readonly code: string; readonly number: number }) =>
  `<a:DeletedTransaction>${element('a:Daybook', code)}${element('a:TransactionNumber', String(number))}</a:DeletedTransaction>`

/** `20260131` as a date and time of the wire. */
const momentOf = (date: string) => `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T00:00:00`

const money = (cents: number) => (cents / 100).toFixed(2)

/** Lines are left empty: what stands in one is not known. */
function statementXml(one: BankStatement): string {
  const members = [
    element('a:AccountNumber', one.iban.slice(-10)),
    element('a:ClosingBalance', money(one.closingCents)),
    element('a:Code', one.code),
    '<a:Currency>EUR</a:Currency>',
    element('a:Iban', one.iban),
    '<a:Lines/>',
    element('a:Number', String(one.number)),
    element('a:OpeningBalance', money(one.openingCents)),
    element('a:StatementDate', momentOf(one.date)),
    '<a:SubId>0</a:SubId>',
    one.transaction === null
      ? '<a:TransactionNumber i:nil="true"/>'
      : element('a:TransactionNumber', String(one.transaction)),
  ]
  return `<a:BankStatement>${members.join('')}</a:BankStatement>`
}
