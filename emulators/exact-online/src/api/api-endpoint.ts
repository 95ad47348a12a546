import type { Dataset } from '../data/dataset.ts'
import type { EntitySet } from '../data/entity-set.ts'
import { foreignKeyTo, lineRows } from '../data/line-rows.ts'
import type { Chain, Issuer } from '../oauth/issuer.ts'
import type { AccessRules } from './access-rules.ts'
import { ApiFault } from './api-fault.ts'
import { fullNameOf, meOf, userGuid } from './api-user.ts'
import type { Collation } from './collation.ts'
import { atomError, atomFeed, atomFunction } from './entity-atom.ts'
import { answerFunction } from './functions.ts'
import type { Limits } from './limits.ts'
import { contentTypes, type Format, formatOf, takesXml } from './media.ts'
import { metadataDocument } from './metadata-document.ts'
import { parseQueryOptions } from './query-options.ts'
import {
  countEntities,
  type Page,
  type ReadContext,
  readEntity,
  readPage,
  rowOfKey,
} from './read-entities.ts'
import { checkScope } from './scopes.ts'
import { type Target, targetOf } from './target.ts'
import { type Change, forgetDeletions, type WriteContext, writeEntity } from './write-entities.ts'

export interface ApiRequest {
  readonly method: string
  /** Path below `/api/v1/`, decoded. */
  readonly path: string
  readonly query: URLSearchParams
  readonly origin: string
  readonly authorization: string | undefined
  readonly accept: string | undefined
  readonly contentType: string | undefined
  readonly prefer: string | undefined
  readonly body: string
  /** A fault answers in the place of the service: nothing may change. */
  readonly isReplaced: boolean
  readonly now: number
}

export interface ApiAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly rows: number | null
  readonly clientId: string | null
  readonly user: string | null
  readonly division: number | null
  /** `crm/Accounts`, without keys: what the ledger groups by. */
  readonly route: string
  /** What a write made, changed or took away: what webhooks tell of. */
  readonly changes: readonly Change[]
}

export interface ApiState {
  readonly issuer: Issuer
  readonly dataset: Dataset
  readonly limits: Limits
  readonly access: AccessRules
  readonly collation: Collation
}

/** Answers one request to the REST API: authentication, company, limits, scope, data, in this order. */
export function answerApi(request: ApiRequest, state: ApiState): ApiAnswer {
  const { dataset, issuer, limits } = state
  const { now } = request
  const token = /^Bearer (.+)$/i.exec(request.authorization ?? '')?.[1]
  const chain = token ? issuer.authenticate(token) : null
  // An expired token still tells whose errors these are.
  const caller = chain ?? (token ? issuer.identify(token) : null)
  const app = caller ? issuer.apps.get(caller.clientId) : undefined
  const target = targetOf(request.path, dataset)
  const format = formatOf(request.accept)
  const answer = (
    status: number,
    body: string,
    headers: Readonly<Record<string, string>> = {},
    { rows = null, changes = [] }: Partial<Pick<ApiAnswer, 'rows' | 'changes'>> = {},
  ): ApiAnswer => ({
    status,
    headers,
    body,
    rows,
    clientId: chain?.clientId ?? null,
    user: chain?.user ?? null,
    division: target.division,
    route: target.route,
    changes,
  })
  const errorKey = caller ? `${caller.clientId} ${caller.user} ${target.division} ${target.route}` : null
  let headers: Readonly<Record<string, string>> = {}
  try {
    if (errorKey !== null && limits.isBlocked(errorKey, now)) return answer(429, '')
    if (!chain || !app) {
      const isTold = app?.flags?.reasonOn401 !== false
      throw new ApiFault(401, '', isTold ? { Reason: 'Authentication Required' } : {})
    }
    if (target.division !== null) {
      const counted = limits.count(app, target.division, now)
      headers = counted.headers
      if (counted.isExceeded) return answer(429, '', headers)
    }
    const reason = state.access.reasonFor(chain.user, target.division)
    if (reason !== null) throw new ApiFault(403, 'Forbidden', { Reason: reason })
    if (!state.access.isLicensed(target.route, target.division)) throw new ApiFault(403, 'Forbidden')
    const { status = 200, body, rows, contentType, version, location, changes } = read()
    const own = {
      ...(contentType ? { 'Content-Type': contentType } : {}),
      ...(version ? { DataServiceVersion: version } : {}),
      ...(location ? { Location: location } : {}),
    }
    return answer(status, body, { ...headers, ...own }, { rows, changes: changes ?? [] })
  } catch (error) {
    if (!(error instanceof ApiFault)) throw error
    if (errorKey !== null && [400, 401, 403, 404].includes(error.status)) limits.countError(errorKey, now)
    const isJson = format === 'json'
    const body = error.message === '' ? '' : isJson ? error.body : atomError(error.message)
    const typed =
      body === ''
        ? {}
        : { 'Content-Type': isJson ? contentTypes.json : contentTypes.xml, DataServiceVersion: '1.0;' }
    return answer(error.status, body, { ...headers, ...typed, ...error.headers })
  }

  function read(): Answered {
    if (!chain || !app) throw new TypeError('answered above')
    return answerTarget({ request, target, chain, app, format }, state)
  }
}

/** What an answer holds; a body goes with its type and version. */
interface Answered {
  readonly status?: number
  readonly body: string
  readonly rows: number | null
  readonly contentType?: string
  readonly version?: string
  readonly location?: string
  readonly changes?: readonly Change[]
}

interface Call {
  readonly request: ApiRequest
  readonly target: Target
  readonly chain: Chain
  readonly app: Parameters<typeof checkScope>[0]
  /** Null where nothing that is accepted can be given. */
  readonly format: Format | null
}

const text = (body: string): Answered => ({
  body,
  rows: 0,
  contentType: contentTypes.text,
  version: '2.0;',
})

function answerTarget(call: Call, state: ApiState): Answered {
  const { request, target, chain, app, format } = call
  const { dataset, issuer } = state
  const { set } = target
  const divisions = dataset.divisions.filter(
    ({ code }) => chain.divisions === null || chain.divisions.includes(code),
  )
  const division = dataset.divisions.find(({ code }) => code === target.division)
  if (target.division !== null && !divisions.some(({ code }) => code === target.division)) {
    throw new ApiFault(403, 'Forbidden', { Reason: 'NoDivisionAccess' })
  }
  if (target.describes !== null) return describe(target.describes, request, dataset)
  if (target.route.toLowerCase() === 'current/clientid') return clientId(chain, format)
  if (!set) throw new ApiFault(404, `Resource not found for the segment '${target.route.split('/').at(-1)}'.`)
  if (!set.entry.methods.includes(request.method)) throw new ApiFault(405, 'Method Not Allowed')
  if (format === null && !target.isCount) throw new ApiFault(415, 'Unsupported media type requested.')
  const isRead = request.method === 'GET'
  checkScope(app, set.entry.scope, isRead ? 'read' : 'write')
  // `system/AllDivisions` is the whole licence; the other lists are of what the user let the app have.
  const isAllDivisions = set.path === 'system/alldivisions'
  const isDivisions = /(^|\/)(divisions|getmostrecentlyuseddivisions)$/.test(set.path)
  const isMe = set.path === 'current/me'
  const context: ReadContext = {
    dataset,
    collation: state.collation,
    baseUrl: `${request.origin}/api/v1${target.division === null ? '' : `/${target.division}`}`,
    division: division?.index ?? 0,
    visible: isAllDivisions
      ? dataset.divisions.map(({ index }) => index)
      : isDivisions
        ? divisions.map(({ index }) => index)
        : isMe
          ? [0]
          : null,
    overrides: isMe
      ? meOf(chain.user, divisions[0]?.code ?? null, dataset, issuer.languageOf(chain.user), request.now)
      : new Map(),
    format: format ?? 'json',
    now: request.now,
    hasRight: (endpoint, action) => state.access.hasRight(chain.user, endpoint, action),
  }
  if (!isRead) return write(call, set, context, state)
  // Whoever may not read gets nothing, not a refusal. @see wire.md § 3.6
  if (!context.hasRight(set.path, 'GET')) return readSet(call, set, { ...context, visible: [] })
  return readSet(call, set, context)
}

function describe(service: string, request: ApiRequest, dataset: Dataset): Answered {
  if (request.method !== 'GET') throw new ApiFault(405, 'Method Not Allowed')
  if (!takesXml(request.accept)) throw new ApiFault(415, 'Unsupported media type requested.')
  const body = metadataDocument(service, dataset)
  if (body === null) throw new ApiFault(404, `Resource not found for the segment '${service}'.`)
  return { body, rows: 0, contentType: contentTypes.xml, version: '1.0;' }
}

/** @see wire.md § 3.8: a function import beside `Me` */
function clientId(chain: Chain, format: Format | null): Answered {
  if (format === null) throw new ApiFault(415, 'Unsupported media type requested.')
  const isAtom = format === 'atom'
  return {
    body: isAtom
      ? atomFunction('ClientId', '', chain.clientId)
      : `{"d":{"ClientId":${JSON.stringify(chain.clientId)}}}`,
    rows: 1,
    contentType: isAtom ? contentTypes.xml : contentTypes.json,
    version: '1.0;',
  }
}

function readSet(call: Call, set: EntitySet, context: ReadContext): Answered {
  const { request, target, app } = call
  if (set.path === 'sync/deleted') forgetDeletions(set, context.division, request.now)
  if (target.collection !== null) return readCollection(call, target.collection, set, context)
  if (set.entry.kind === 'function') return answerFunction(set, request.query, context, request.now)
  const enforces = app.flags?.enforceMandatoryFilter !== false && target.key === null
  const options = parseQueryOptions(request.query, set, enforces)
  if (target.isCount) return text(String(countEntities(set, options, context)))
  if (target.key !== null) return readEntity(set, target.route, target.key, options, context)
  return readPage(set, target.route, request.query, options, ownSubscriptions(set, call, context))
}

/** An app sees its own subscriptions only. */
function ownSubscriptions(set: EntitySet, { chain }: Call, context: ReadContext): ReadContext {
  if (set.path !== 'webhooks/webhooksubscriptions') return context
  const client = set.properties.get('ClientID')
  const rows = Array.from({ length: set.rowsIn(context.division) }, (_, index) => index)
  return {
    ...context,
    visible: rows.filter((index) => client?.value(context.division, index) === chain.clientId),
  }
}

function write(
  { request, target, chain, app }: Call,
  set: EntitySet,
  context: ReadContext,
  { dataset, issuer }: ApiState,
): Answered {
  // Companies and users are the licence's own: no app changes them.
  if (target.division === null || /^(system|users)\//.test(set.path)) throw new ApiFault(403, 'Forbidden')
  if (!context.hasRight(set.path, request.method)) throw new ApiFault(403, 'Forbidden')
  if (request.isReplaced) return { status: 204, body: '', rows: null }
  const writing: WriteContext = {
    ...context,
    user: { id: userGuid(chain.user, dataset), fullName: fullNameOf(chain.user) },
    clientId: app.clientId,
    language: issuer.languageOf(chain.user),
    contentType: request.contentType,
    isRepresentationWanted: /return=representation/i.test(request.prefer ?? ''),
  }
  return writeEntity(request.method, set, target.route, target.key, request.body, writing)
}

/** The lines behind one header: what a `__deferred` address leads to. */
function readCollection(
  { request, target }: Call,
  name: string,
  set: EntitySet,
  context: ReadContext,
): Answered {
  const collection = set.collections.find((known) => known.name === name)
  const header = rowOfKey(set, target.key ?? '', context)
  if (!collection) throw new ApiFault(404, `Resource not found for the segment '${name}'.`)
  const { lines } = collection
  // What the catalogue has no rows for is empty, here as where it is expanded.
  if (!lines) return target.isCount ? text('0') : emptyPage(set, target, name, context)
  const visible = lineRows(set, lines, foreignKeyTo(set, lines), context.division, header)
  const options = parseQueryOptions(request.query, lines, false)
  if (target.isCount) return text(String(countEntities(lines, options, { ...context, visible })))
  const path = lines.entry.uri.split('{division}/').at(-1) ?? ''
  return readPage(lines, path, request.query, options, { ...context, visible })
}

function emptyPage(set: EntitySet, target: Target, name: string, context: ReadContext): Page {
  const base = `${context.baseUrl}/${target.route}(${target.key})/${name}`
  const view = { set, base, select: null, expand: new Map(), linesBase: () => base }
  const nothing = { indexes: [], count: null, next: null }
  return {
    body:
      context.format === 'atom'
        ? atomFeed(view, context.division, nothing, context.now)
        : '{"d":{"results":[\r\n\r\n]}}',
    rows: 0,
    contentType: context.format === 'atom' ? contentTypes.feed : contentTypes.json,
    version: '2.0;',
  }
}
