import type { PageRows } from '@sluis/engine'
import { SluisError } from '@sluis/shared'
import { SaxesParser } from 'saxes'
import { escapeXml } from './soap.ts'

/** A `.svc` service and what it is asked. Its members stand in the order of the alphabet, as data contracts want them. */
export interface QueryService {
  readonly name: 'DeletedTransactionsService' | 'BankStatementService'
  readonly query: string
  /** The element around the rows, whose name without its last letter is that of a row. */
  readonly list: string
}

export const deletedTransactions: QueryService = {
  name: 'DeletedTransactionsService',
  query: 'GetDeletedTransactions',
  list: 'DeletedTransactions',
}
export const bankStatements: QueryService = {
  name: 'BankStatementService',
  query: 'GetBankStatements',
  list: 'BankStatements',
}

/** The service that a request goes to; null for the others. */
export const queryServiceOf = (url: string): QueryService | null =>
  [deletedTransactions, bankStatements].find(({ name }) => url.includes(`/${name}.svc`)) ?? null

/** The body of a query. @see https://developers.twinfield.com/documentation (read November 2026) */
export function queryXml(
  { name, query }: QueryService,
  members: readonly (readonly [name: string, text: string])[],
): string {
  const contract = `http://schemas.datacontract.org/2004/07/Twinfield.WebServices.${name}`
  const inner = members.map(([member, text]) => `<d:${member}>${escapeXml(text)}</d:${member}>`)
  return `<Query xmlns="http://www.twinfield.com/" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:d="${contract}" i:type="d:${query}">${inner.join('')}</Query>`
}

/**
 * The rows of the answer as JSON, one a line, by the names of their members; what stands deeper is left out. Empty is
 * left out too, so that it reads as NULL.
 */
export function readQueryPage(body: Buffer, { list }: QueryService): PageRows & { readonly bytes: Buffer } {
  const parser = new SaxesParser()
  const lines: string[] = []
  const rowName = list.slice(0, -1)
  let row: Record<string, string> | null = null
  let [text, depth, isAnswer] = ['', 0, false]
  const local = (name: string) => name.slice(name.indexOf(':') + 1)
  parser.on('opentag', ({ name }) => {
    text = ''
    if (row !== null) depth++
    else if (local(name) === list) isAnswer = true
    else if (local(name) === rowName) [row, depth] = [{}, 0]
  })
  parser.on('text', (part) => {
    text += part
  })
  parser.on('closetag', ({ name }) => {
    if (row !== null && depth === 0) {
      lines.push(JSON.stringify(row))
      row = null
    } else if (row !== null) {
      if (depth === 1 && text !== '') row[local(name)] = text
      depth--
    }
    text = ''
  })
  const unreadable = (cause?: unknown) =>
    new SluisError('PLATFORM_UNAVAILABLE', `Twinfield answered ${list} in a form that cannot be read.`, {
      hint: 'Ask again later. If it stays so, the service has changed: report this.',
      cause,
    })
  try {
    parser.write(body.toString('utf8')).close()
  } catch (cause) {
    throw unreadable(cause)
  }
  // No list at all is not an empty list.
  if (!isAnswer) throw unreadable()
  const bytes = Buffer.from(lines.join('\n'))
  return { start: 0, end: bytes.length, rows: lines.length, next: null, isLines: true, bytes }
}
