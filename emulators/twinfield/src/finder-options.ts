import { isDimensionType } from './list-documents.ts'

/** An option that is refused: the platform's code of error, and of what. */
export interface OptionFault {
  readonly code: string
  readonly option: string
}

type Check = (value: string) => string | null

const isOneOf =
  (test: (value: string) => boolean): Check =>
  (value) =>
    test(value) ? null : 'InvalidEnumerationOptionValue'
const boolean: Check = (value) => (/^[01]$/.test(value) ? null : 'InvalidBooleanOptionValue')
const decimal: Check = (value) => (/^-?\d+(\.\d+)?$/.test(value) ? null : 'InvalidDecimalOptionValue')
const any: Check = () => null

/** Every search takes these. */
const common: Readonly<Record<string, Check>> = { office: any, company: any }

/** What else a type takes. @see wire facts § 5.1; those of IVT: DEV, sales invoices */
const own: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  DIM: {
    section: isOneOf((value) => value === 'financials'),
    dimtype: isOneOf(isDimensionType),
    modifiedsince: (value) => (/^\d{8}(\d{6})?$/.test(value) ? null : 'OptionValueOutOfRange'),
    group: any,
    matchtype: isOneOf((value) => value === 'DEB' || value === 'CRD'),
    includehidden: boolean,
    level: (value) =>
      !/^-?\d+$/.test(value)
        ? 'InvalidIntegerOptionValue'
        : Number(value) >= 1 && Number(value) <= 6
          ? null
          : 'OptionValueOutOfRange',
  },
  TRS: { hidden: boolean },
  IVT: {
    ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((level) => [`dim${level}`, any])),
    value: decimal,
    openvalue: decimal,
  },
}

/** The first option that a search of this type does not take, or not with this value; null where all are good. */
export function optionFault(type: string, options: ReadonlyMap<string, string>): OptionFault | null {
  if (options.has('office') && options.has('company'))
    return { code: 'OptionCompanyAndOptionOfficeCannotBeBothProvided', option: 'company' }
  for (const [option, value] of options) {
    const check = common[option] ?? own[type]?.[option]
    const code = check === undefined ? 'OptionNotAllowed' : check(value)
    if (code !== null) return { code, option }
  }
  return null
}
