/** A journal: code, description and the type of its entries. @see wire.md § 5: types of ledger accounts */
export type Journal = readonly [code: string, description: string, type: number]

const journals: readonly Journal[] = [
  ['10', 'Kas', 10],
  ['20', 'Bank', 12],
  ['60', 'Inkoopboek', 22],
  ['70', 'Verkoopboek', 20],
  ['90', 'Memoriaal', 90],
  ['21', 'Spaarrekening', 12],
  ['61', 'Inkoopboek buitenland', 22],
  ['71', 'Verkoopboek buitenland', 20],
  ['91', 'Salarissen', 90],
  ['92', 'Afschrijvingen', 90],
  ['93', 'Beginbalans', 90],
  ['94', 'Correcties', 90],
]

/** The n-th journal of a company. */
export const journalAt = (index: number): Journal => journals[index % journals.length] as Journal

/** What a journal is called. */
export const journalName = (code: string) => journals.find(([known]) => known === code)?.[1] ?? null
