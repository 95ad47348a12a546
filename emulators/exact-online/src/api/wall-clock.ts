const parts = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Europe/Amsterdam',
  dateStyle: 'short',
  timeStyle: 'medium',
})

/** Dutch wall-clock time as though it were UTC, as all times of the service are. */
export function wallClock(now: number): number {
  return Date.parse(`${parts.format(now).replace(' ', 'T')}Z`) + (now % 1000)
}
