export { type CommonState, commonControls } from './common-controls.ts'
export {
  answerControl,
  type Control,
  type ControlAnswer,
  type Controls,
  controlFault,
} from './controls.ts'
export { EmulatedClock } from './emulated-clock.ts'
export { type Fault, type FaultKind, Faults, isInstead, playAfter, playInstead } from './faults.ts'
export { BodyTooLarge, type Listening, listen, readBody, serveControl } from './http-server.ts'
export { Journal } from './journal.ts'
export { Ledger, type LedgerEntry } from './ledger.ts'
