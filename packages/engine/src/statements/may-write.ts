import { SluisError } from '@sluis/shared'
import type { QueryRequest } from '../engine.ts'
import { readTokens } from '../plan/statement-tokens.ts'
import { beginsAsWrite } from '../plan/write-statement.ts'

/** @throws SluisError FORBIDDEN for a caller that may only read */
export function assertMayWrite({ mayWrite }: Pick<QueryRequest, 'mayWrite'>): void {
  if (mayWrite) return
  throw new SluisError('FORBIDDEN', 'This key may read, not write.', {
    hint: 'Statements that write need a key with the scope query:write.',
    details: { scope: 'query:write' },
  })
}

/** Refuses a write by its first word, before anything is asked of the platform for it. */
export function refuseWrites(request: Pick<QueryRequest, 'sql' | 'mayWrite'>): void {
  if (!request.mayWrite && beginsAsWrite(readTokens(request.sql.slice(0, 4000)))) assertMayWrite(request)
}
