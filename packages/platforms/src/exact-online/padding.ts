/**
 * How a string property is filled with blanks. `left`: certainly, to a width. `left-maybe`: holds the code of an
 * account, which some endpoints give padded and some not. `right`: fixed width, blanks after it.
 */
export type Padding =
  | { readonly side: 'left'; readonly width: number }
  | { readonly side: 'left-maybe' }
  | { readonly side: 'right'; readonly width: number }

/** Codes of the entity itself. */
const ownCodes: ReadonlyMap<string, Padding> = new Map<string, Padding>([
  // "The Code property of Accounts has 18 characters with leading spaces, also in filters."
  ['crm/accounts', { side: 'left', width: 18 }],
  ['vat/vatcodes', { side: 'right', width: 3 }],
])

const byName: readonly (readonly [RegExp, Padding])[] = [
  [
    /^(?!GL)(.*Account|Accountant|.*Customer|Supplier|Reseller|.*Creditor|.*Debtor)Code$/,
    { side: 'left-maybe' },
  ],
  // Seen on the live service: "NL " and "2  ".
  [/(^|[a-z])Country(Code)?$/, { side: 'right', width: 3 }],
  [/VATCode$/i, { side: 'right', width: 3 }],
]

/**
 * The padding of a property, or null. Padded values are shown without their blanks, so what is compared with them
 * must be sent with theirs.
 * @see Exact support, "Frequently asked questions: filtering on account code" (read November 2026)
 */
export function paddingOf(entityPath: string, property: string): Padding | null {
  if (property === 'Code') return ownCodes.get(entityPath.toLowerCase()) ?? null
  return byName.find(([pattern]) => pattern.test(property))?.[1] ?? null
}
