import type { LedgerEntry } from '@sluis/emulator-shared'

/** One request that the emulator of Exact Online saw, without any secret. */
export interface ExactOnlineLedgerEntry extends LedgerEntry {
  /** `webhook` is a request that the emulator sent. */
  readonly kind: 'authorize' | 'token' | 'api' | 'webhook'
  readonly method: string
  /** Endpoint without division and key: `crm/Accounts`. */
  readonly route: string
  readonly division?: number | null
  readonly query?: string
  readonly rows?: number | null
  readonly bytes?: number
  readonly grantType?: string
  /** A hash that names the spent code or refresh token. */
  readonly tokenId?: string
  readonly generation?: number | null
}
