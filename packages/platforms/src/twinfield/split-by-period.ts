import type { OutgoingRequest } from '@sluis/shared'

export const periodField = 'fin.trs.head.yearperiod'

/** From and to, `YYYY/PP`, both included; empty is open. */
type Range = readonly [from: string, to: string]

const asked =
  /<column><field>fin\.trs\.head\.yearperiod<\/field><visible>(true|false)<\/visible>(?:<ask>true<\/ask><operator>between<\/operator><from>([^<]*)<\/from><to>([^<]*)<\/to>)?<\/column>/

/**
 * A browse question in parts, none of which overlap and which together ask the same: by year, then by quarter, then by
 * period; empty where there is no smaller part. `at` tells which years are likely to be full.
 * @see https://developers.twinfield.com/documentation, guidelines: by year, then by period after a time-out
 */
export function splitByPeriod(
  { body = '', ...request }: OutgoingRequest,
  at: number,
  isVisible: boolean,
): readonly OutgoingRequest[] {
  const [, visible = String(isVisible), from = '', to = ''] = asked.exec(body) ?? []
  return partsOf([from, to], new Date(at).getUTCFullYear()).map(([first, last]) => {
    const column = `<column><field>${periodField}</field><visible>${visible}</visible><ask>true</ask><operator>between</operator><from>${first}</from><to>${last}</to></column>`
    const parted = asked.test(body)
      ? body.replace(asked, () => column)
      : body.replace('</columns>', () => `${column}</columns>`)
    return { ...request, body: parted }
  })
}

/** Years that are asked one by one before the older ones together. */
const yearsBack = 3
const mostYears = 8
/** No books are of a time outside these; an open end is not halved for ever. */
const earliest = 1950
const yearsAhead = 20

export function partsOf([from, to]: Range, thisYear: number): readonly Range[] {
  const isPeriod = (text: string) => text === '' || /^\d{4}\/\d{2}$/.test(text)
  if (!isPeriod(from) || !isPeriod(to)) return []
  const [first, last] = [from, to].map((text) => (text === '' ? null : Number(text.slice(0, 4)))) as [
    number | null,
    number | null,
  ]
  if (first !== null && last !== null) {
    if (first > last) return []
    if (first === last) return partsOfYear(first, Number(from.slice(5)), Number(to.slice(5)))
    if (last - first >= mostYears) {
      const middle = Math.floor((first + last) / 2)
      return [
        [from, end(middle)],
        [start(middle + 1), to],
      ]
    }
  }
  const oldest = first ?? Math.min(last ?? thisYear, thisYear) - yearsBack
  const newest = last ?? Math.max(first ?? thisYear, thisYear) + 1
  if (oldest < earliest || newest > thisYear + yearsAhead) return []
  const years: Range[] = []
  for (let year = oldest; year <= newest; year++)
    years.push([
      year === oldest ? from : start(year),
      // The newest year of an open range stands for all that come.
      year === newest ? to : end(year),
    ])
  return years
}

/** Before and after all periods of a year, whatever its calendar: opening and closing ones included. */
const start = (year: number) => `${year}/00`
const end = (year: number) => `${year}/99`

function partsOfYear(year: number, from: number, to: number): readonly Range[] {
  const quarters = [3, 6, 9].filter((period) => period >= from && period < to)
  const cuts =
    quarters.length > 0
      ? quarters
      : Array.from({ length: 13 }, (_, period) => period).filter((period) => period >= from && period < to)
  if (cuts.length === 0) return []
  const text = (period: number) => `${year}/${String(period).padStart(2, '0')}`
  const starts = [from, ...cuts.map((period) => period + 1)]
  return starts.map((first, index) => [text(first), text(cuts[index] ?? to)])
}
