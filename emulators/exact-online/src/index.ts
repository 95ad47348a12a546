export type { Fault } from '@sluis/emulator-shared'
export {
  type ExactOnlineEmulator,
  type ExactOnlineEmulatorOptions,
  startExactOnlineEmulator,
} from './emulator.ts'
export type { ExactOnlineLedgerEntry as LedgerEntry } from './ledger-entry.ts'
export type { App } from './oauth/issuer.ts'
