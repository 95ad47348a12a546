import type { Log } from '@sluis/shared'
import { type DestinationStream, pino } from 'pino'

/** The server's log: JSON lines on standard error. */
export function createLog(level: string): Log {
  return createLogTo(pino.destination(2), level)
}

/** A log of JSON lines. Whatever looks like a secret by its name is taken out. */
export function createLogTo(destination: DestinationStream, level: string): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: [
          'accessToken',
          'refreshToken',
          'clientSecret',
          'code',
          'authorization',
          '*.accessToken',
          '*.refreshToken',
          '*.clientSecret',
          '*.authorization',
        ],
        censor: '[secret]',
      },
    },
    destination,
  )
}
