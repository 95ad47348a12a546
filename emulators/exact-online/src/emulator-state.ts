import type { EmulatedClock, Faults, Ledger } from '@sluis/emulator-shared'
import type { AccessRules } from './api/access-rules.ts'
import type { Collation } from './api/collation.ts'
import type { Limits } from './api/limits.ts'
import type { Dataset } from './data/dataset.ts'
import type { ExactOnlineLedgerEntry } from './ledger-entry.ts'
import type { Issuer } from './oauth/issuer.ts'
import type { LogIns } from './oauth/log-ins.ts'
import type { DataOptions, Settings } from './settings.ts'
import type { Webhooks } from './webhooks/webhooks.ts'

/** Everything that a request may look at or change. */
export interface EmulatorState {
  readonly clock: EmulatedClock
  readonly issuer: Issuer
  readonly logIns: LogIns
  readonly webhooks: Webhooks
  readonly ledger: Ledger<ExactOnlineLedgerEntry>
  readonly limits: Limits
  readonly access: AccessRules
  readonly faults: Faults
  dataset: Dataset
  readonly settings: Settings
  data: DataOptions
  collation: Collation
}
