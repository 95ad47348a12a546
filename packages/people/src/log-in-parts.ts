import type { Clock, Log, RandomBytes } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type { AuditTrail } from './audit-trail.ts'

/** What the log-in stands on. */
export interface LogInParts {
  readonly store: Store
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Log
  readonly audit: AuditTrail
  /** 32 bytes that all servers on one database share: signs cookies, seals TOTP secrets. */
  readonly secret: Buffer
  /** Where people reach this server; null: wherever they happen to reach it. */
  readonly publicUrl: string | null
}

export const passwordLength = { least: 12, most: 128 } as const
/** Where the library reads from which address a call came. */
export const addressHeader = 'x-sluis-address'
