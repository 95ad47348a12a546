import { type Controls, controlFault } from './controls.ts'
import type { EmulatedClock } from './emulated-clock.ts'
import type { Fault, Faults } from './faults.ts'
import type { Ledger } from './ledger.ts'

export interface CommonState<More extends string> {
  readonly clock: EmulatedClock
  readonly faults: Faults<More>
  readonly ledger: Pick<Ledger, 'since' | 'last'>
}

const kinds = ['drop-response', 'delay', 'status', 'body', 'reset']
const isWholeNumber = (value: unknown, least: number, most: number) =>
  Number.isInteger(value) && Number(value) >= least && Number(value) <= most

/** The controls that every emulator has: `clock`, `faults` and `ledger`. */
export function commonControls<More extends string = never>(
  state: CommonState<More>,
  {
    moreKinds = [],
    checkFault = () => null,
    afterClock = () => {},
  }: {
    readonly moreKinds?: readonly More[]
    /** What is wrong with a fault of a kind that the platform has alone. */
    readonly checkFault?: (fault: Fault<More>) => string | null
    readonly afterClock?: () => void
  } = {},
): Controls {
  const allKinds = [...kinds, ...moreKinds]
  return {
    'GET clock': () => ({ status: 200, body: { now: state.clock.now() } }),

    'POST clock': ({ advanceSeconds, now }) => {
      const time = typeof now === 'string' ? Date.parse(now) : now
      if (typeof advanceSeconds === 'number' && Number.isFinite(advanceSeconds))
        state.clock.advance(advanceSeconds)
      else if (now === undefined) return controlFault('give advanceSeconds or now')
      else if (typeof time === 'number' && Number.isFinite(time)) state.clock.set(time)
      else return controlFault('now is milliseconds or an ISO 8601 time')
      afterClock()
      return { status: 200, body: { now: state.clock.now() } }
    },

    'POST faults': (body) => {
      const fault = { times: 1, ...body } as unknown as Fault<More>
      const { at, kind, times, status, delayMs, matching, method } = fault
      if ((at !== 'token' && at !== 'api') || !allKinds.includes(kind))
        return controlFault(`a fault has at (token, api) and kind (${allKinds.join(', ')})`)
      if (!isWholeNumber(times, 1, Number.MAX_SAFE_INTEGER))
        return controlFault('times is a whole number from 1')
      if (status !== undefined && !isWholeNumber(status, 200, 599))
        return controlFault('status is a number from 200 to 599')
      if (delayMs !== undefined && !isWholeNumber(delayMs, 0, 600_000))
        return controlFault('delayMs is a whole number of at most 600000')
      if (matching !== undefined && typeof matching !== 'string') return controlFault('matching is a text')
      if (method !== undefined && !/^(GET|POST|PUT|DELETE)$/.test(String(method)))
        return controlFault('method is GET, POST, PUT or DELETE')
      const wrong = checkFault(fault)
      if (wrong !== null) return controlFault(wrong)
      state.faults.order(fault)
      return { status: 201, body: { ordered: times } }
    },

    'DELETE faults': () => {
      state.faults.clear()
      return { status: 200, body: {} }
    },

    'GET ledger': (_, query) => {
      const entries = state.ledger.since(Number(query.get('since') ?? 0))
      const count = (kind: string) => entries.filter((entry) => entry.kind === kind).length
      const totals = { api: count('api'), token: count('token'), authorize: count('authorize') }
      return { status: 200, body: { last: state.ledger.last, totals, entries } }
    },
  }
}
