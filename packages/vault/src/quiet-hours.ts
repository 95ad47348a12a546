/** Hours of the night in which an issuer is known to answer badly, by the wall clock of one time zone. */
export interface QuietHours {
  readonly timeZone: string
  /** `HH:MM`; the hours do not pass midnight. */
  readonly from: string
  readonly to: string
}

const minuteMs = 60_000

function minutesOf(text: string): number {
  const [hours = Number.NaN, minutes = Number.NaN] = text.split(':').map(Number)
  return hours * 60 + minutes
}

/** The wall clock of the quiet hours' time zone. Making one takes longer than a hundred looks at it: keep it. */
export function wallClockOf({ timeZone }: QuietHours): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
}

/** When the quiet hours that `at` lies in are over; null when it lies in none. Where the clock is put back, ask again. */
export function quietUntil(hours: QuietHours, at: number, wallClock = wallClockOf(hours)): number | null {
  const minutes = minutesOf(wallClock.format(at))
  const [from, to] = [minutesOf(hours.from), minutesOf(hours.to)]
  if (minutes < from || minutes >= to) return null
  return at - (at % minuteMs) + (to - minutes) * minuteMs
}
