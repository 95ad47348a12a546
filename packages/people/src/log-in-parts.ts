import type { Clock, Log, RandomBytes } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type { AuditTrail } from './audit-trail.ts'
import type { SingleSignOn } from './openid-provider.ts'

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
  /** Null: people log in here and nowhere else. */
  readonly singleSignOn?: SingleSignOn | null
}

export const passwordLength = { least: 12, most: 128 } as const
/** Where the library reads from which address a call came. */
export const addressHeader = 'x-sluis-address'

/** The page that tells why somebody was not let in. */
export const refusedPage = (publicUrl: string | null) =>
  `${new URL(publicUrl ?? 'http://localhost').origin}/app/refused`
