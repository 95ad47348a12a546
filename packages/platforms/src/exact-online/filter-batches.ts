import type { Judgement } from '@sluis/engine'
import type { Endpoint } from './endpoint.ts'
import { joinTexts, type RenderedTerm } from './filter.ts'
import { optionLength } from './read-request.ts'

export interface FilterBatch {
  readonly filter: string
  /** The most rows that the batch can answer, where its list names the entity's own key. */
  readonly keys: number | null
  /** The parts of the list that was cut which stand in this batch. */
  readonly parts?: readonly string[]
}

/** The filters that together ask for what one wish needs, each short enough for an address. */
export interface FilterBatches {
  /** One per term, lowered to `no` where a term did not fit. */
  readonly judgements: readonly Judgement[]
  readonly batches: readonly FilterBatch[]
  /** Position of the term whose list was cut, or null. */
  readonly cutTerm: number | null
}

/** `+and+` and two brackets; in a next link the blanks may take three characters each. */
const jointLength = (isPaged: boolean) => (isPaged ? 9 : 5) + 2

/**
 * Joins terms into filters that fit the room an address leaves, in encoded characters. The longest list of values is
 * cut into several requests when it must be; what cannot be cut and does not fit is left to the engine. A list of
 * the entity's own keys answers one page, which leaves more room.
 *
 * @param mostKeys of the entity's own keys in one request: a page of them, so that each request is one page for certain
 * @param isPacked leaves room only for a next link that repeats the address as it was sent
 */
export function toFilterBatches(
  terms: readonly RenderedTerm[],
  endpoint: Endpoint,
  roomFor: (isPaged: boolean) => number,
  mostKeys = endpoint.pageRows,
  isPacked = false,
): FilterBatches {
  const judgements = terms.map(({ judgement }) => judgement)
  if (terms.some(({ list }) => list?.parts.length === 0)) return { judgements, batches: [], cutTerm: null }
  const kept = new Set(terms.keys().filter((at) => terms[at]?.text !== ''))
  const drop = (at: number) => {
    kept.delete(at)
    judgements[at] = 'no'
  }
  const isKeyList = (at: number) => isOwnKey(terms[at], endpoint)
  let cut: number | null = [...kept].find(isKeyList) ?? null
  const isPaged = cut === null && !isPacked
  const joint = jointLength(isPaged)
  const lengthOf = (text: string) => optionLength(text, isPaged) + joint
  const length = (at: number) => lengthOf(terms[at]?.text ?? '')
  const total = () => [...kept].reduce((sum, at) => sum + length(at), 0)
  const longest = (among: readonly number[]) =>
    among.reduce((best, at) => (length(at) > length(best) ? at : best))

  const reserved = mandatoryFilter(endpoint)
  let free = roomFor(isPaged) - (reserved === null ? 0 : lengthOf(reserved))
  const cuttable = () => [...kept].filter((at) => canCut(terms[at]))
  while (kept.size > 0 && cut === null && total() > free) {
    const lists = cuttable()
    if (lists.length > 0) cut = longest(lists)
    else drop(longest([...kept]))
  }
  if (cut !== null) {
    const parts = terms[cut]?.list?.parts ?? []
    const widest = parts.reduce((most, part) => Math.max(most, lengthOf(part)), 0)
    const others = () => [...kept].filter((at) => at !== cut)
    while (others().length > 0 && total() - length(cut) + widest > free) drop(longest(others()))
    free -= total() - length(cut)
    if (widest > free) {
      drop(cut)
      cut = null
    }
  }

  const fixed = [...kept].filter((at) => at !== cut).flatMap((at) => terms[at] ?? [])
  const cutTerm = cut === null ? undefined : terms[cut]
  if (cutTerm?.list === undefined || cutTerm.list === null) {
    return { judgements, batches: [{ filter: filterText(fixed, endpoint), keys: null }], cutTerm: null }
  }
  const isKey = cut !== null && isKeyList(cut)
  const most = isKey ? mostKeys : Number.POSITIVE_INFINITY
  const groups = groupParts(
    cutTerm.list.parts,
    free - joint,
    most,
    (part) => optionLength(part, isPaged) + (isPaged ? 8 : 4),
  )
  return {
    judgements,
    batches: groups.map((parts) => {
      const term = {
        ...cutTerm,
        text: parts.join(' or '),
        joint: parts.length > 1 ? 'or' : cutTerm.joint,
      } as const
      return { filter: filterText([term, ...fixed], endpoint), keys: isKey ? parts.length : null, parts }
    }),
    cutTerm: cut,
  }
}

/** Whether a term is an exact list of the entity's single key: each value then is one row at most. */
function isOwnKey(term: RenderedTerm | undefined, endpoint: Endpoint): boolean {
  const [key, ...others] = endpoint.keys
  const isListed = endpoint.kind === 'plain' || endpoint.kind === 'bulk'
  return (
    isListed &&
    others.length === 0 &&
    term?.judgement === 'exact' &&
    term.list?.field === key &&
    key !== undefined
  )
}

function canCut(term: RenderedTerm | undefined): boolean {
  return term?.list?.isDisjoint === true && term.list.parts.length > 1
}

/** Parts in as few groups as fit `room` and `most`. */
function groupParts(
  parts: readonly string[],
  room: number,
  most: number,
  lengthOf: (part: string) => number,
): string[][] {
  const groups: string[][] = []
  let used = Number.POSITIVE_INFINITY
  for (const part of parts) {
    const length = lengthOf(part)
    const group = groups.at(-1)
    if (group !== undefined && used + length <= room && group.length < most) {
      group.push(part)
      used += length
    } else {
      groups.push([part])
      used = length
    }
  }
  return groups
}

/** Terms joined, with the condition that the endpoint insists on when none of them satisfies it. */
function filterText(terms: readonly RenderedTerm[], endpoint: Endpoint): string {
  const reserved = mandatoryFilter(endpoint)
  const isSatisfied = terms.some(({ properties }) =>
    properties.some((name) => endpoint.filterFields.includes(name)),
  )
  const parts: Pick<RenderedTerm, 'text' | 'joint'>[] = [...terms]
  if (reserved !== null && !isSatisfied) parts.push({ text: reserved, joint: 'none' })
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only.text : joinTexts(parts, 'and')
}

/**
 * A condition that every row meets, for endpoints that answer 400 "This endpoint has mandatory filtering applied" to
 * a filter without certain properties. The key is never null and never the nil GUID; a row's company is never 0; any
 * other property is null or it is not.
 */
export function mandatoryFilter(endpoint: Endpoint): string | null {
  const { filterFields, fields, keys } = endpoint
  if (filterFields.length === 0) return null
  const key = keys.find(({ name, type }) => type === 'UUID' && filterFields.includes(name))
  if (key !== undefined) return `${key.name} ne guid'00000000-0000-0000-0000-000000000000'`
  if (filterFields.includes('Division')) return 'Division gt 0'
  const field = filterFields.find((name) => fields.get(name)?.kind === 'scalar')
  return field === undefined ? null : `(${field} eq null or ${field} ne null)`
}
