/** A ledger account: code, description, type, balance sheet or profit and loss, debit or credit. */
export type LedgerAccount = readonly [
  code: string,
  description: string,
  type: number,
  balance: 'B' | 'W',
  side: 'D' | 'C',
]

/** Dutch charts follow decimal groups from fixed assets (0) to turnover (8). @see wire.md § 5: types */
const dutch: readonly LedgerAccount[] = [
  ['0100', 'Gebouwen en terreinen', 30, 'B', 'D'],
  ['0150', 'Afschrijving gebouwen', 35, 'B', 'C'],
  ['0200', 'Inventaris', 30, 'B', 'D'],
  ['0250', 'Afschrijving inventaris', 35, 'B', 'C'],
  ['0300', 'Vervoermiddelen', 30, 'B', 'D'],
  ['0500', 'Gestort kapitaal', 50, 'B', 'C'],
  ['0550', 'Winstreserve', 52, 'B', 'C'],
  ['0700', 'Lening bank', 55, 'B', 'C'],
  ['1000', 'Kas', 10, 'B', 'D'],
  ['1100', 'Bank', 12, 'B', 'D'],
  ['1300', 'Debiteuren', 20, 'B', 'D'],
  ['1400', 'Vooruitbetaalde kosten', 26, 'B', 'D'],
  ['1500', 'Te betalen BTW hoog', 24, 'B', 'C'],
  ['1510', 'Te betalen BTW laag', 24, 'B', 'C'],
  ['1520', 'Te vorderen BTW', 24, 'B', 'D'],
  ['1600', 'Crediteuren', 22, 'B', 'C'],
  ['1700', 'Te betalen lonen', 25, 'B', 'C'],
  ['1900', 'Kruisposten', 90, 'B', 'D'],
  ['3000', 'Voorraad handelsgoederen', 40, 'B', 'D'],
  ['4000', 'Brutolonen', 125, 'W', 'D'],
  ['4010', 'Sociale lasten', 126, 'W', 'D'],
  ['4100', 'Huur', 120, 'W', 'D'],
  ['4110', 'Energie', 120, 'W', 'D'],
  ['4200', 'Autokosten', 121, 'W', 'D'],
  ['4300', 'Reclame', 121, 'W', 'D'],
  ['4400', 'Kantoorkosten', 121, 'W', 'D'],
  ['4500', 'Afschrijvingskosten', 122, 'W', 'D'],
  ['4600', 'Bankkosten', 121, 'W', 'D'],
  ['7000', 'Inkoopwaarde omzet', 111, 'W', 'D'],
  ['8000', 'Omzet hoog tarief', 110, 'W', 'C'],
  ['8010', 'Omzet laag tarief', 110, 'W', 'C'],
  ['8020', 'Omzet buitenland', 110, 'W', 'C'],
  ['9000', 'Rentebaten en -lasten', 160, 'W', 'D'],
  ['9100', 'Bijzondere baten en lasten', 130, 'W', 'D'],
]

/** The Belgian minimum chart: classes 1 to 5 are the balance sheet, 6 costs and 7 revenues. */
const belgian: readonly LedgerAccount[] = [
  ['100000', 'Geplaatst kapitaal', 50, 'B', 'C'],
  ['140000', 'Overgedragen winst', 52, 'B', 'C'],
  ['173000', 'Kredietinstellingen', 55, 'B', 'C'],
  ['221000', 'Gebouwen', 30, 'B', 'D'],
  ['221900', 'Afschrijvingen op gebouwen', 35, 'B', 'C'],
  ['240000', 'Meubilair', 30, 'B', 'D'],
  ['240900', 'Afschrijvingen op meubilair', 35, 'B', 'C'],
  ['241000', 'Rollend materieel', 30, 'B', 'D'],
  ['340000', 'Handelsgoederen', 40, 'B', 'D'],
  ['400000', 'Handelsdebiteuren', 20, 'B', 'D'],
  ['411000', 'Terug te vorderen btw', 24, 'B', 'D'],
  ['440000', 'Leveranciers', 22, 'B', 'C'],
  ['451000', 'Te betalen btw', 24, 'B', 'C'],
  ['455000', 'Bezoldigingen', 25, 'B', 'C'],
  ['490000', 'Over te dragen kosten', 26, 'B', 'D'],
  ['550000', 'Kredietinstellingen: rekening-courant', 12, 'B', 'D'],
  ['570000', 'Kas', 10, 'B', 'D'],
  ['580000', 'Interne overboekingen', 90, 'B', 'D'],
  ['604000', 'Aankopen van handelsgoederen', 111, 'W', 'D'],
  ['610000', 'Huur', 120, 'W', 'D'],
  ['611000', 'Energie', 120, 'W', 'D'],
  ['612000', 'Kantoorkosten', 121, 'W', 'D'],
  ['614000', 'Reclame', 121, 'W', 'D'],
  ['616000', 'Vervoer', 121, 'W', 'D'],
  ['620000', 'Bezoldigingen personeel', 125, 'W', 'D'],
  ['621000', 'Werkgeversbijdragen', 126, 'W', 'D'],
  ['630000', 'Afschrijvingen', 122, 'W', 'D'],
  ['650000', 'Kosten van schulden', 160, 'W', 'D'],
  ['657000', 'Bankkosten', 121, 'W', 'D'],
  ['664000', 'Andere niet-recurrente kosten', 130, 'W', 'D'],
  ['700000', 'Verkopen België', 110, 'W', 'C'],
  ['701000', 'Verkopen EU', 110, 'W', 'C'],
  ['702000', 'Verkopen buiten EU', 110, 'W', 'C'],
  ['750000', 'Opbrengsten uit financiële activa', 160, 'W', 'C'],
]

/** The n-th account of a company: those of its country's chart first, then divisions of them. */
export function ledgerAccount(isBelgian: boolean, index: number): LedgerAccount {
  const chart = isBelgian ? belgian : dutch
  const [code, description, type, balance, side] = chart[index % chart.length] as LedgerAccount
  const round = Math.floor(index / chart.length)
  return round === 0
    ? [code, description, type, balance, side]
    : [`${code}${round}`, `${description} ${round + 1}`, type, balance, side]
}

/** Accounts that entries book on whatever else they book, by what they are for. */
const purposes = {
  receivables: ['1300', '400000'],
  payables: ['1600', '440000'],
  bank: ['1100', '550000'],
  cash: ['1000', '570000'],
  capital: ['0500', '100000'],
  bankCosts: ['4600', '657000'],
  vatHighDue: ['1500', '451000'],
  vatLowDue: ['1510', '451000'],
  vatPaid: ['1520', '411000'],
  salesHigh: ['8000', '700000'],
  salesLow: ['8010', '700000'],
  salesAbroad: ['8020', '702000'],
} as const satisfies Readonly<Record<string, readonly [dutch: string, belgian: string]>>

export type Purpose = keyof typeof purposes

const chartOf = (isBelgian: boolean) => (isBelgian ? belgian : dutch)

/** How many accounts a chart has at least: what entries book on is among them. */
export const shortestChart = Math.max(dutch.length, belgian.length)

const rowsOf = (isBelgian: boolean) =>
  new Map(
    Object.entries(purposes).map(([purpose, codes]) => {
      const code = codes[isBelgian ? 1 : 0]
      return [purpose, chartOf(isBelgian).findIndex(([known]) => known === code)]
    }),
  )
const purposeRows = { dutch: rowsOf(false), belgian: rowsOf(true) }

/** The row of the account for a purpose. */
export function accountFor(purpose: Purpose, isBelgian: boolean): number {
  return (isBelgian ? purposeRows.belgian : purposeRows.dutch).get(purpose) ?? 0
}

const rowsOfTypes = (isBelgian: boolean, types: readonly number[]) =>
  chartOf(isBelgian).flatMap(([, , type], row) => (types.includes(type) ? [row] : []))
/** Costs of purchases and of the till. */
const costTypes = [111, 120, 121]
/** What manual entries book on: nothing that other entries settle. */
const journalTypes = [25, 26, 30, 35, 55, 120, 121, 122, 125, 126, 130, 160]
const lists = {
  dutch: { costs: rowsOfTypes(false, costTypes), journal: rowsOfTypes(false, journalTypes) },
  belgian: { costs: rowsOfTypes(true, costTypes), journal: rowsOfTypes(true, journalTypes) },
}

/** One of the accounts of a kind, or one of the divisions of it that a long chart has. */
export function accountAmong(
  kind: 'costs' | 'journal',
  isBelgian: boolean,
  draw: number,
  accounts: number,
): number {
  const rows = lists[isBelgian ? 'belgian' : 'dutch'][kind]
  return divided(rows[draw % rows.length] ?? 0, isBelgian, draw >>> 8, accounts)
}

/** An account or a division of it. */
export function divided(row: number, isBelgian: boolean, draw: number, accounts: number): number {
  const length = chartOf(isBelgian).length
  return row + length * (draw % Math.max(1, Math.floor(accounts / length)))
}
