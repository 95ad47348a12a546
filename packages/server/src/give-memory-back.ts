import { getHeapStatistics, setFlagsFromString } from 'node:v8'

/** Below this the heap is left to itself. */
const smallBytes = 96 * 2 ** 20
const lookMs = 500
/** V8 is asked for so long at most; a heap that is full of what is needed stays large. */
const mostMs = 5000
/** So long it is left alone after that. */
const restMs = 30_000

/** What was asked of V8, and until when that stands. */
export interface Giving {
  readonly isAsking: boolean
  readonly until: number
}

/**
 * What to ask of V8 next. A burst, such as ten thousand waiters at once, leaves a heap behind that V8 would keep for as
 * long as anything is going on: while it is asked to mind memory it collects in the background, gives the rest back to
 * the system, and costs a request a half more time. So it is asked shortly, and only when the heap is large.
 */
export function nextGiving(before: Giving, heapBytes: number, now: number): Giving {
  const isLarge = heapBytes > smallBytes
  if (before.isAsking) {
    if (isLarge && now < before.until) return before
    return { isAsking: false, until: isLarge ? now + restMs : now }
  }
  return isLarge && now >= before.until ? { isAsking: true, until: now + mostMs } : before
}

/** Looks after the heap of this process until the function returned is called. */
export function giveMemoryBack(): () => void {
  let giving: Giving = { isAsking: false, until: 0 }
  const timer = setInterval(() => {
    const next = nextGiving(giving, getHeapStatistics().total_heap_size, performance.now())
    if (next.isAsking !== giving.isAsking) {
      setFlagsFromString(next.isAsking ? '--optimize-for-size' : '--no-optimize-for-size')
    }
    giving = next
  }, lookMs)
  timer.unref()
  return () => {
    clearInterval(timer)
    setFlagsFromString('--no-optimize-for-size')
  }
}
