import type { Division, Property } from './entity-set.ts'

/**
 * What the lists of companies say of each: its code, name and country, euros, and that it never moved: when it does,
 * the service makes all row versions anew. Null for what is generated.
 * @see wire.md § 3.7
 */
export function companyValue(name: string, divisions: readonly Division[]): Property['value'] | null {
  const of = (read: (division: Division) => string | number | boolean) => (_: number, index: number) => {
    const division = divisions[index]
    return division ? read(division) : null
  }
  switch (name) {
    case 'Code':
      return of(({ code }) => code)
    case 'Description':
    case 'CustomerName':
      return of((division) => division.name)
    case 'Country':
      return of(({ country }) => `${country} `)
    case 'Currency':
      return of(() => 'EUR')
    case 'VATNumber':
      return of(({ country, code }) => (country === 'BE' ? `BE0${code}00` : `NL00${code}B01`))
    case 'IsMainDivision':
      return of(({ index }) => index === 0)
    case 'BlockingStatus':
    case 'Status':
      return of(() => 0)
    case 'ArchiveDate':
    case 'DivisionMoveDate':
    case 'DivisionHRLinkUnlinkDate':
      return () => null
    default:
      return null
  }
}
