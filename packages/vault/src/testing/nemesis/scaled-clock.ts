import type { Clock } from '@sluis/shared'

/** Where a lab's time begins and how fast it runs: at scale 0.01 a hundred seconds pass in one. */
export interface LabTime {
  readonly origin: number
  readonly scale: number
}

export function labNow({ origin, scale }: LabTime): number {
  return Math.floor(origin + (Date.now() - origin) / scale)
}

/** A clock on which all processes of one lab agree, but for the skew that one is given. */
export function scaledClock(time: LabTime, skewMs = 0): Clock {
  return {
    now: () => labNow(time) + skewMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const stop = () => {
          clearTimeout(timer)
          reject(signal?.reason)
        }
        const timer = setTimeout(
          () => {
            signal?.removeEventListener('abort', stop)
            resolve()
          },
          Math.max(0, ms * time.scale),
        )
        signal?.addEventListener('abort', stop, { once: true })
      }),
  }
}
