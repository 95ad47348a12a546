import { type Caller, type People, type Person, type Persons, requireScope, type Scope } from '@sluis/people'
import { type OrganisationId, SluisError } from '@sluis/shared'
import type { IdempotentRequest } from '@sluis/vault'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { accessOf } from './route-access.ts'

/** Who asks and where the request acts. */
export interface RequestContext {
  readonly caller: Caller
  readonly organisationId: OrganisationId
}

interface Parts {
  readonly people: People
  readonly persons: Persons
}

const contexts = new WeakMap<FastifyRequest, RequestContext>()
const visitors = new WeakMap<FastifyRequest, Person>()

/**
 * Judges every request of this scope before its body is read: who has no way in learns nothing of what a right request
 * would be, and costs no memory. Afterwards what was done is put into the audit trail.
 */
export function admitByTable(api: FastifyInstance, parts: Parts): void {
  // A route that nobody decided about stops the start, and with it every test.
  api.addHook('onRoute', ({ method, url }) => {
    for (const each of Array.isArray(method) ? method : [method]) accessOf(each, url)
  })
  api.addHook('onRequest', async (request) => {
    const { url } = request.routeOptions
    if (url === undefined) {
      await callerOf(request, parts)
      return
    }
    const { who, scopes, oneOf, bound, linked } = accessOf(request.method, url)
    if (who === 'public') return
    if (who === 'person') {
      visitors.set(request, await mustBePerson(request, parts))
      return
    }
    const caller = await callerOf(request, parts, linked)
    requireScope(caller, ...scopes)
    if (oneOf && !oneOf.some((scope) => caller.scopes.has(scope))) requireScope(caller, ...oneOf.slice(0, 1))
    if (caller.databases !== null && !bound) refuseBound(caller.databases)
    const organisationId = await parts.people.resolveOrganisation(caller, namedOrganisation(request, linked))
    contexts.set(request, { caller, organisationId })
  })
  // Before the answer goes out: what could not be kept is not told as done.
  api.addHook('onSend', async (request, reply, payload) => {
    const { url } = request.routeOptions
    const context = contexts.get(request)
    if (url === undefined || context === undefined || reply.statusCode >= 400) return payload
    const { act } = accessOf(request.method, url)
    if (act !== undefined && request.method !== 'HEAD') {
      const names = { ...Object(request.body), ...Object(request.params) } as Record<string, unknown>
      const subject = String(names.id ?? names.name ?? context.organisationId)
      await parts.people.audit.record(null, context.organisationId, context.caller.actor, act, subject)
    }
    return payload
  })
}

/** The context that the request was admitted with; a handler asks for further scopes where its body needs them. */
export async function enter(
  request: FastifyRequest,
  _people: People,
  ...needed: readonly Scope[]
): Promise<RequestContext> {
  const context = contexts.get(request)
  if (context === undefined) throw new TypeError('a handler was reached by a request that was not admitted')
  requireScope(context.caller, ...needed)
  return context
}

/** The person of a route that is for persons. */
export function visitor(request: FastifyRequest): Person {
  const person = visitors.get(request)
  if (person === undefined) throw new TypeError('a handler for persons was reached by somebody else')
  return person
}

/**
 * Who is logged in, if anybody is. A cookie that comes without our header may have been sent by another site's page,
 * unless the browser says that it was one of ours, which no page can say for it.
 * @see https://www.w3.org/TR/fetch-metadata/, § 2.3, read 2026-11-25
 */
export async function personOf(
  request: FastifyRequest,
  { persons }: Parts,
  isLinked = false,
): Promise<Person | null> {
  const person = await persons.logIn.personOf(request.headers.cookie)
  const { headers } = request
  const isOurs = headers['x-sluis-csrf'] === '1' || (isLinked && headers['sec-fetch-site'] === 'same-origin')
  if (person !== null && !isOurs) {
    throw new SluisError('FORBIDDEN', 'A request with a session’s cookie needs the header X-Sluis-Csrf.', {
      hint: 'Send X-Sluis-Csrf: 1.',
      details: { field: 'X-Sluis-Csrf' },
    })
  }
  return person
}

async function mustBePerson(request: FastifyRequest, parts: Parts): Promise<Person> {
  const person = await personOf(request, parts)
  if (person !== null) return person
  throw new SluisError('UNAUTHENTICATED', 'Nobody is logged in, or the session has ended.', {
    hint: 'Log in at /app.',
  })
}

async function callerOf(request: FastifyRequest, parts: Parts, isLinked?: true): Promise<Caller> {
  const { authorization, cookie } = request.headers
  if (authorization === undefined && cookie !== undefined) {
    const person = await personOf(request, parts, isLinked)
    if (person) return parts.persons.members.callerOf(person, namedOrganisation(request, isLinked))
  }
  return parts.people.authenticate(authorization, request.ip)
}

/** A link has no header: its organisation is in the address. */
function namedOrganisation(request: FastifyRequest, isLinked?: true): string | undefined {
  const { organisation } = request.query as { organisation?: unknown }
  const named = request.headers['sluis-organisation']
  const inHeader = Array.isArray(named) ? named[0] : named
  return inHeader ?? (isLinked && typeof organisation === 'string' ? organisation : undefined)
}

/** A key for a database is for reading that, and for nothing else of the organisation, whatever scopes it has. */
function refuseBound(databases: readonly string[]): never {
  throw new SluisError(
    'FORBIDDEN',
    `This key is for ${databases.join(', ').slice(0, 200)} and nothing else.`,
    {
      hint: 'Use a key that is not bound to databases.',
      details: { databases },
    },
  )
}

/** Throws `NOT_FOUND` for a database that the key is not meant for. */
export function requireDatabase({ caller }: RequestContext, name: string): void {
  if (caller.databases === null || caller.databases.includes(name)) return
  throw new SluisError('NOT_FOUND', `There is no database named "${name.slice(0, 80)}".`)
}

/** Refuses what concerns all organisations, unless the request acts in one that has none above it. */
export async function requireInstallation(
  people: People,
  organisationId: OrganisationId,
  what: string,
): Promise<void> {
  const [own] = await people.listOrganisations(organisationId)
  if (own?.parentId == null) return
  throw new SluisError('FORBIDDEN', `${what} to the whole installation.`, {
    hint: 'Use a key of an organisation that has none above it.',
  })
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

/** The request under its `Idempotency-Key`, or null without one. Who asks is part of it where `asker` is given. */
export function idempotent(
  request: FastifyRequest,
  route: string,
  ...asker: readonly string[]
): IdempotentRequest | null {
  const key = idempotencyKey(request)
  return key === null ? null : { key, route, body: [...asker, JSON.stringify(request.body)].join(' ') }
}
