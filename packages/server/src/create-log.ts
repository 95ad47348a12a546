import type { Log } from '@sluis/shared'
import { pino } from 'pino'

/** The server's log: JSON lines on standard error. Whatever looks like a secret by its name is taken out. */
export function createLog(level: string): Log {
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
    pino.destination(2),
  )
}
