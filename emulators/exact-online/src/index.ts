export { EmulatedClock } from './emulated-clock.ts'
export {
  type ExactOnlineEmulator,
  type ExactOnlineEmulatorOptions,
  startExactOnlineEmulator,
} from './emulator.ts'
export type { Fault } from './faults.ts'
export type { LedgerEntry } from './ledger.ts'
export type { App } from './oauth/issuer.ts'
