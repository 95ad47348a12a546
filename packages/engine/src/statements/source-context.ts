import type { GrantId } from '@sluis/shared'
import type { Connector } from '../catalog/connector.ts'
import type { Partition } from '../catalog/table.ts'
import type { ApiCaller } from '../fetch/api-caller.ts'

/** One source of a database, ready to be read by one statement. */
export interface SourceContext {
  readonly alias: string
  readonly grant: GrantId
  readonly platform: string
  /** Limits are kept per client. */
  readonly clientId: string
  readonly connector: Connector
  readonly baseUrl: string
  /** Another organisation's grant: what is not of one partition alone may not be read. */
  readonly isLent: boolean
  /** Partitions that were chosen and are not lent any more. */
  readonly withheld: readonly string[]
  readonly caller: ApiCaller
  /** False where the platform is yet to be asked at which host the grant's data are: one call before the first read. */
  readonly isPlaced: boolean
  /** What the database may read of it; null where the platform has no partitions. */
  readonly partitions: readonly Partition[] | null
  /** What belongs to it as well and may not be read: blocked, or not in the consent any more. */
  readonly blocked: readonly Partition[]
}
