import { type Caller, type People, requireScope, type Scope } from '@sluis/people'
import { type OrganisationId, SluisError } from '@sluis/shared'
import type { FastifyRequest } from 'fastify'

/** Who asks and where the request acts. */
export interface RequestContext {
  readonly caller: Caller
  readonly organisationId: OrganisationId
}

/** Authenticates a request, checks the scopes it needs and finds the organisation it acts in. */
export async function enter(
  request: FastifyRequest,
  people: People,
  ...needed: readonly Scope[]
): Promise<RequestContext> {
  const caller = await people.authenticate(request.headers.authorization)
  requireScope(caller, ...needed)
  const named = request.headers['sluis-organisation']
  const organisationId = await people.resolveOrganisation(caller, Array.isArray(named) ? named[0] : named)
  return { caller, organisationId }
}

/** Throws `NOT_FOUND` for a database that the key is not meant for. */
export function requireDatabase({ caller }: RequestContext, name: string): void {
  if (caller.databases === null || caller.databases.includes(name)) return
  throw new SluisError('NOT_FOUND', `There is no database named "${name.slice(0, 80)}".`)
}

/** The `Idempotency-Key` header, checked. */
export function idempotencyKey(request: FastifyRequest): string | null {
  const key = request.headers['idempotency-key']
  if (key === undefined) return null
  if (typeof key === 'string' && /^[\x21-\x7e]{1,255}$/.test(key)) return key
  throw new SluisError('INVALID_REQUEST', 'Idempotency-Key is not usable.', {
    hint: 'Use 1 to 255 visible ASCII characters, for instance a UUID.',
    details: { field: 'Idempotency-Key' },
  })
}
