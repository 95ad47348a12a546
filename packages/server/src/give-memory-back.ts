import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Below this a heap at work is left to itself. */
const smallBytes = 96 * 2 ** 20
/** Below this one at rest is, too: a server that has just started has 50 MB. */
const smallAtRestBytes = 64 * 2 ** 20
const lookMs = 500
/** V8 is asked for so long at most; a heap that is full of what is needed stays large. */
const mostMs = 5000
/** So long it is left alone after that. */
const restMs = 30_000
/** A process that works less than this share of the time is at rest: chains are kept alive also when nobody asks. */
const restShare = 0.4
/** So many looks in a row must find it at rest: the next request of a burst may be a moment away. */
const restLooks = 2
/** Whole collections are so far apart, whatever the load does. */
const collectionsMs = 10_000

/** What was asked of V8, and until when that stands. */
export interface Giving {
  readonly isAsking: boolean
  readonly until: number
  /** Looks in a row that found the process at rest. */
  readonly restful: number
  /** True for the one look after which the whole heap is to be collected. */
  readonly isCollecting: boolean
  /** When that was last. */
  readonly collectedAt: number
}

/** How it begins. */
export const givingNothing: Giving = {
  isAsking: false,
  until: 0,
  restful: 0,
  isCollecting: false,
  collectedAt: Number.NEGATIVE_INFINITY,
}

/**
 * What to ask of V8 next. A burst, such as ten thousand waiters at once, leaves a heap behind that V8 would keep. While
 * anything is going on V8 is asked to mind memory: it collects in the background, gives the rest back to the system,
 * and costs a request a half more time. So it is asked shortly, and only when the heap is large. Once the process is at
 * rest V8 does little more by itself, and the heap is collected whole, once: that holds the process up for a tenth of a
 * second, when few wait for it.
 */
export function nextGiving(before: Giving, heapBytes: number, busyShare: number, now: number): Giving {
  const isLarge = heapBytes > smallBytes
  const restful = busyShare < restShare ? before.restful + 1 : 0
  const isCollecting =
    heapBytes > smallAtRestBytes && restful === restLooks && now >= before.collectedAt + collectionsMs
  const next = { restful, isCollecting, collectedAt: isCollecting ? now : before.collectedAt }
  const { isAsking, until } = before
  if (isAsking && !(isLarge && now < until)) {
    return { ...next, isAsking: false, until: isLarge ? now + restMs : now }
  }
  if (!isAsking && isLarge && now >= until) return { ...next, isAsking: true, until: now + mostMs }
  return { ...next, isAsking, until }
}

/** Looks after the heap of this process until the function returned is called. */
export function giveMemoryBack(): () => void {
  const collect = wholeCollection()
  let giving = givingNothing
  let seen = performance.eventLoopUtilization()
  const timer = setInterval(() => {
    const { utilization } = performance.eventLoopUtilization(seen)
    seen = performance.eventLoopUtilization()
    const heapBytes = getHeapStatistics().total_heap_size
    const next = nextGiving(giving, heapBytes, utilization, performance.now())
    if (next.isAsking !== giving.isAsking) {
      setFlagsFromString(next.isAsking ? '--optimize-for-size' : '--no-optimize-for-size')
    }
    if (next.isCollecting) collect()
    giving = next
  }, lookMs)
  timer.unref()
  return () => {
    clearInterval(timer)
    setFlagsFromString('--no-optimize-for-size')
  }
}

/** A collection as V8 makes it before it would run out of memory: the only one after which the young generation shrinks, too. */
function wholeCollection(): () => void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (options: object) => void
  setFlagsFromString('--no-expose-gc')
  return () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
