export { bootstrapKeyForm } from './key-text.ts'
export {
  type AuditEvent,
  type Caller,
  type KeyView,
  type NewKey,
  type Organisation,
  People,
  requireScope,
} from './people.ts'
export { isScope, type Scope, scopes } from './scopes.ts'
