import type { ChosenRead } from '../catalog/connector.ts'
import type { FetchedScan } from '../fetch/fetch-scan.ts'

/** A scan with how it was read and what came. */
export interface ReadScan {
  readonly read: ChosenRead
  /** Null where no rows were needed: nothing was asked. */
  readonly fetched: FetchedScan | null
}
