/** A VAT code: description, percentage as a fraction, and B(oth), E(xcluding), I(ncluding) or N(one). */
export type VatCode = readonly [description: string, percentage: number, type: 'B' | 'E' | 'I' | 'N']

const dutch: readonly VatCode[] = [
  ['BTW te betalen hoog, exclusief', 0.21, 'E'],
  ['BTW te betalen laag, exclusief', 0.09, 'E'],
  ['Leveringen buiten de EU', 0, 'N'],
  ['BTW te vorderen hoog, exclusief', 0.21, 'E'],
  ['BTW te vorderen laag, exclusief', 0.09, 'E'],
  ['Verwerving binnen de EU', 0, 'N'],
  ['BTW te betalen hoog, inclusief', 0.21, 'I'],
  ['BTW te betalen laag, inclusief', 0.09, 'I'],
  ['BTW verlegd', 0, 'B'],
]
const belgian: readonly VatCode[] = [
  ['Verkoop 21%', 0.21, 'E'],
  ['Verkoop 12%', 0.12, 'E'],
  ['Verkoop 6%', 0.06, 'E'],
  ['Aankoop 21%', 0.21, 'E'],
  ['Aankoop 12%', 0.12, 'E'],
  ['Aankoop 6%', 0.06, 'E'],
  ['Verkoop 21%, inclusief', 0.21, 'I'],
  ['Intracommunautair', 0, 'N'],
  ['Medecontractant', 0, 'B'],
]

/** The VAT code of a row: the first nine have a meaning of their own, the others are exempt. */
export function vatCode(isBelgian: boolean, index: number): VatCode {
  return (isBelgian ? belgian : dutch)[index] ?? [isBelgian ? 'Vrijgesteld' : 'Vrijgesteld van BTW', 0, 'N']
}

/** The codes of a sale's or purchase's lines, most often the first. */
export const usedCodes = { sales: [0, 0, 0, 1, 1, 2], purchases: [3, 3, 3, 4, 5] } as const

export const vatCodeText = (index: number) => String(index + 1).padEnd(3)
