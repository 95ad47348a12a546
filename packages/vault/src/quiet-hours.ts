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

/** When the quiet hours that `at` lies in are over; null when it lies in none. Where the clock is put back, ask again. */
export function quietUntil({ timeZone, from, to }: QuietHours, at: number): number | null {
  const local = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  })
  const minutes = minutesOf(local.format(at))
  if (minutes < minutesOf(from) || minutes >= minutesOf(to)) return null
  return at - (at % minuteMs) + (minutesOf(to) - minutes) * minuteMs
}
