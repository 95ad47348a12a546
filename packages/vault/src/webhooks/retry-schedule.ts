import type { RandomBytes } from '@sluis/shared'

const second = 1000
const minute = 60 * second
const hour = 60 * minute

/** Pauses after the first, second, … failed attempt: three days and a half in all. */
const pauses = [
  5 * second,
  minute,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
]

/** Milliseconds until the next attempt after `attempts` failed ones, up to a fifth more by chance; null: give up. */
export function nextPause(attempts: number, random: RandomBytes): number | null {
  const pause = pauses[attempts - 1]
  if (pause === undefined) return null
  return Math.round(pause * (1 + (Buffer.from(random(2)).readUInt16BE() / 65_536) * 0.2))
}
