import { readDottedName, type Token, tokenIndexAt } from './statement-tokens.ts'
import type { NamedFunction } from './syntax-tree.ts'
import type { TextEdit } from './text-edits.ts'

type Moment = 'instant' | 'date' | 'local-timestamp' | 'local-time' | 'zoned-time'

/** What each of DuckDB's words for the present means. */
const momentsOfCalls: Readonly<Record<string, Moment>> = {
  now: 'instant',
  get_current_timestamp: 'instant',
  transaction_timestamp: 'instant',
  today: 'date',
  current_date: 'date',
  current_localtimestamp: 'local-timestamp',
  current_localtime: 'local-time',
  get_current_time: 'zoned-time',
}
const momentsOfWords: Readonly<Record<string, Moment>> = {
  current_timestamp: 'instant',
  current_date: 'date',
  localtimestamp: 'local-timestamp',
  localtime: 'local-time',
  current_time: 'zoned-time',
}

/** One moment and the zone in which it has a date and a time of day. */
export interface FrozenTime {
  /** Microseconds since 1970. */
  readonly at: bigint
  readonly timeZone: string
}

/**
 * The edits that make the present of a statement one constant, so that what is pushed to the platform, what is
 * computed here, and what a second run of the same plan computes agree.
 *
 * @param functions mentioned in the text, offsets in UTF-16 units
 */
export function freezeTimeEdits(
  functions: readonly NamedFunction[],
  tokens: readonly Token[],
  time: FrozenTime,
): TextEdit[] {
  const edits: TextEdit[] = []
  for (const mention of functions) {
    if (mention.at === null) continue
    const index = tokenIndexAt(tokens, mention.at)
    const name = readDottedName(tokens, index)
    const last = name?.parts.at(-1)
    if (name === null || last === undefined || last.text.toLowerCase() !== mention.name.toLowerCase())
      continue
    const key = mention.name.toLowerCase()
    const after = index + name.parts.length * 2 - 1
    const label = mention.resultName === null ? '' : ` AS "${mention.resultName}"`
    if (mention.isCall) {
      if (tokens[after]?.text !== '(') continue
      const moment = momentsOfCalls[key]
      const close = tokens[after + 1]
      if (moment !== undefined && mention.argumentCount === 0 && close?.text === ')') {
        edits.push({ start: mention.at, end: close.end, text: literal(moment, time) })
        edits.push(...labelled(tokens, index, after + 1, label))
      }
      // With one argument, `age` counts from the start of today.
      if (key === 'age' && mention.argumentCount === 1) {
        const at = tokens[after]?.end ?? 0
        edits.push({ start: at, end: at, text: `CAST(${literal('date', time)} AS TIMESTAMP), ` })
      }
    } else if (last.kind === 'word' && name.parts.length === 1) {
      const moment = momentsOfWords[key]
      if (moment !== undefined) {
        edits.push({ start: mention.at, end: name.end, text: literal(moment, time) })
        edits.push(...labelled(tokens, index, after - 1, label))
      }
    }
  }
  return edits
}

/** Names a column that had the function's name; behind the brackets that stand around it, where an alias may stand. */
function labelled(tokens: readonly Token[], first: number, last: number, label: string): TextEdit[] {
  if (label === '') return []
  let brackets = 0
  while (tokens[first - 1 - brackets]?.text === '(' && tokens[last + 1 + brackets]?.text === ')') brackets++
  const at = tokens[last + brackets]?.end ?? 0
  return [{ start: at, end: at, text: label }]
}

function literal(moment: Moment, { at, timeZone }: FrozenTime): string {
  const milliseconds = Number(at / 1000n)
  const fraction = `.${String(((at % 1_000_000n) + 1_000_000n) % 1_000_000n).padStart(6, '0')}`
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat('en-CA', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      timeZoneName: 'longOffset',
    })
      .formatToParts(milliseconds)
      .map((part) => [part.type, part.value]),
  )
  const date = `${parts.year}-${parts.month}-${parts.day}`
  const time = `${parts.hour}:${parts.minute}:${parts.second}${fraction}`
  const offset = (parts.timeZoneName ?? '').replace('GMT', '') || '+00:00'
  switch (moment) {
    case 'instant':
      return `CAST('${date} ${time}${offset}' AS TIMESTAMPTZ)`
    case 'date':
      return `CAST('${date}' AS DATE)`
    case 'local-timestamp':
      return `CAST('${date} ${time}' AS TIMESTAMP)`
    case 'local-time':
      return `CAST('${time}' AS TIME)`
    case 'zoned-time':
      return `CAST('${time}${offset}' AS TIMETZ)`
    default:
      return moment satisfies never
  }
}
