import { SluisError } from '@sluis/shared'
import type { ErrorPlace, KnownFailure } from './error-memory.ts'

/** What the platform said, with its own word for the reason where it gave one. */
export const failureText = ({
  text = '',
  reason,
}: {
  readonly text?: string
  readonly reason?: string | null
}) => (reason ? `${text} (${reason})` : text)

const anHourAfter = (at: number) => new Date(at + 3_600_000).toISOString()

/** Why a request is not sent a second time, and when it would be. */
export const notAgain = ({ at }: KnownFailure) =>
  `The platform said so at ${new Date(at).toISOString()}, and counts errors: it is asked again after ${anHourAfter(at)}.`

/** The platform calls the request wrong. */
export const refused = (text: string, hint: string) =>
  new SluisError('PLATFORM_UNAVAILABLE', `The platform refuses a request: ${text}`, { hint })

/** One error more would be the platform's last: nothing is sent there. */
export function heldBack(
  { partition, endpoint }: ErrorPlace,
  made: number,
  perHour: number,
  until: number,
): SluisError {
  const at = new Date(until).toISOString()
  return new SluisError(
    'PLATFORM_BUDGET_EXHAUSTED',
    `${made} of ${perHour} errors an hour were made at ${endpoint} of partition ${partition}: nothing is sent there until ${at}.`,
    {
      hint: 'One error more and the platform may block the app. Mend what failed (sluis.statements shows it), and ask again then.',
      details: { resetsAt: at },
    },
  )
}

/** A token that was refused twice. */
export const tokenRefused = () =>
  new SluisError('PLATFORM_UNAVAILABLE', 'The platform refuses an access token that should be good.', {
    hint: 'Look at the grant: the user may have withdrawn the permission.',
  })

/** No answer, or none that says anything, after all repetitions. */
export const unavailable = (text: string) =>
  new SluisError('PLATFORM_UNAVAILABLE', text, { hint: 'Nothing is lost: run the statement again later.' })
