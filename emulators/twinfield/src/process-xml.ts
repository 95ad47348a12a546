import type { Write } from './books.ts'
import { answerBrowse, type Documented } from './browse.ts'
import type { Office } from './dataset.ts'
import { dimensionXml } from './dimension-xml.ts'
import type { Language } from './faults.ts'
import { bad, listDocument } from './list-documents.ts'
import { readDocument } from './read-documents.ts'
import { writeDimensions } from './write-dimensions.ts'
import { writeInvoices } from './write-invoices.ts'
import { writeMatches } from './write-matches.ts'
import { writeStatements } from './write-statements.ts'
import { writeTransactions } from './write-transactions.ts'
import { childOf, textOf, type XmlNode } from './xml.ts'

/** Roots that only ask cost one credit, others three. @see wire facts § 6 */
export const creditsOf = (root: string) => (/^(list|read|columns|accountcodes?)$/.test(root) ? 1 : 3)

/** The offices that a user reaches: the one document that needs no company. */
export const isOfficeList = (document: XmlNode) =>
  document.name === 'list' && textOf(document, 'type') === 'offices'

/** Lines of the longest transaction in a document. */
export function mostLines(document: XmlNode): number {
  const transactions =
    document.name === 'transactions' ? document.children : document.name === 'transaction' ? [document] : []
  return Math.max(0, ...transactions.map((one) => childOf(one, 'lines')?.children.length ?? 0))
}

/** Answers a document. Bad ones are answered with status 200 and `result="0"`. @see wire facts § 3 */
export function processDocument(
  document: XmlNode,
  office: Office,
  language: Language,
  { now, user, write }: { readonly now: number; readonly user: string; readonly write: Write },
): Documented {
  switch (document.name) {
    case 'columns': {
      const answer = answerBrowse(document, office, language)
      return answer.kind === 'rows' ? answer : bad('columns', answer.text)
    }
    case 'transaction':
    case 'transactions':
      return writeTransactions(document, office, now, write)
    case 'salesinvoice':
    case 'salesinvoices':
      return writeInvoices(document, office, write)
    case 'dimension':
    case 'dimensions':
      return writeDimensions(document, office, now, write, (one, status) => dimensionXml(one, office, status))
    case 'match':
      return writeMatches(document, office, write)
    case 'statement':
    case 'statements':
      return writeStatements(document, office, write)
    case 'list':
      return listDocument(document, office, user)
    case 'read':
      return readDocument(document, office, user)
    default:
      return bad(document.name, 'Incorrecte XML - de bestemming is ongeldig.')
  }
}
