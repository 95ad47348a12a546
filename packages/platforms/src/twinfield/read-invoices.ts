import type { Judgement, Predicate, ReadOffer, ReadWish } from '@sluis/engine'
import { SluisError } from '@sluis/shared'
import { documentRequest, escapeXml } from './soap.ts'

/**
 * Sales invoices are read one by one, by their type and number: nothing lists them. What else the statement asks of them
 * is looked at here.
 * @throws SluisError SQL_NOT_ALLOWED where the statement does not say which invoices
 * @see https://developers.twinfield.com/documentation/api/transaction-data/sales-invoices (read November 2026)
 */
export function salesInvoicesOffer(wish: ReadWish, baseUrl: string): ReadOffer {
  const types = listOf(wish.where, 'InvoiceType')
  const numbers = listOf(wish.where, 'InvoiceNumber')
  if (types === null || numbers === null) {
    throw new SluisError('SQL_NOT_ALLOWED', 'invoices.SalesInvoices is read by type and number only.', {
      hint: "Say which: WHERE InvoiceType = 'FACTUUR' AND InvoiceNumber IN ('1', '2'). Open invoices are in finder.IVT, booked ones in browse.Customers_130_1.",
    })
  }
  // Another text than digits is the number of no invoice, and the platform refuses it.
  const asked = types.flatMap((type) =>
    numbers.filter((number) => /^\d{1,15}$/.test(number)).map((number) => ({ type, number })),
  )
  return {
    endpoint: 'read/salesinvoice',
    judgements: wish.where.map(
      (term): Judgement => ('column' in term && isKeyed(term.column) && textsOf(term) ? 'superset' : 'no'),
    ),
    filter: `InvoiceType in ${types.join(', ')} and InvoiceNumber in ${numbers.join(', ')}`,
    columns: wish.columns,
    pageRows: 1,
    isLimitPushed: false,
    isCount: false,
    maxRows: asked.length,
    requests: (partition) => {
      if (partition === null) throw new TypeError('Twinfield is read by office')
      const code = escapeXml(partition.id)
      return asked.map(({ type, number }) =>
        documentRequest(
          baseUrl,
          partition.id,
          `<read><type>salesinvoice</type><office>${code}</office><code>${escapeXml(type)}</code><invoicenumber>${number}</invoicenumber></read>`,
        ),
      )
    },
  }
}

const isKeyed = (name: string) => name === 'InvoiceType' || name === 'InvoiceNumber'

/** The texts that all terms of a column leave, each once; null where none names any. */
function listOf(where: readonly Predicate[], name: string): readonly string[] | null {
  const lists = where.flatMap((term) => {
    const texts = 'column' in term && term.column === name ? textsOf(term) : null
    return texts === null ? [] : [texts]
  })
  const [first, ...others] = lists
  if (first === undefined) return null
  return [...new Set(first)].filter((text) => others.every((list) => list.includes(text)))
}

function textsOf(term: Predicate): readonly string[] | null {
  const values =
    term.kind === 'compare' && term.op === '=' ? [term.value] : term.kind === 'in' ? term.values : null
  return values?.every(({ type }) => type === 'VARCHAR') ? values.map(({ value }) => String(value)) : null
}
