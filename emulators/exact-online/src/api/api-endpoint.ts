import type { Dataset, EntitySet } from '../data/dataset.ts'
import type { Value } from '../data/named-values.ts'
import type { App, Chain, Issuer } from '../oauth/issuer.ts'
import { ApiFault } from './api-fault.ts'
import type { Collation } from './collation.ts'
import { foreignKeyTo, lineRows } from './entity-json.ts'
import { answerFunction } from './functions.ts'
import type { Limits } from './limits.ts'
import { parseQueryOptions } from './query-options.ts'
import { countEntities, type ReadContext, readEntity, readPage, rowOfKey } from './read-entities.ts'
import { checkScope } from './scopes.ts'
import { forgetDeletions, type WriteContext, writeEntity } from './write-entities.ts'

export interface ApiRequest {
  readonly method: string
  /** Path below `/api/v1/`, decoded. */
  readonly path: string
  readonly query: URLSearchParams
  readonly origin: string
  readonly authorization: string | undefined
  readonly accept: string | undefined
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
}

export interface ApiState {
  readonly issuer: Issuer
  readonly dataset: Dataset
  readonly limits: Limits
  readonly collation: Collation
}

interface Target {
  readonly division: number | null
  readonly set: EntitySet | null
  readonly route: string
  readonly key: string | null
  /** `crm/Accounts(guid'…')/BankAccounts`: the collection behind the key. */
  readonly collection: string | null
  readonly isCount: boolean
}

/** Answers one request to the REST API: authentication, company, limits, scope, data, in this order. */
export function answerApi(request: ApiRequest, state: ApiState): ApiAnswer {
  const { dataset, issuer, limits } = state
  const token = /^Bearer (.+)$/i.exec(request.authorization ?? '')?.[1]
  const chain = token ? issuer.authenticate(token) : null
  const app = chain ? issuer.apps.get(chain.clientId) : undefined
  const target = resolve(request.path, dataset)
  const answer = (
    status: number,
    body: string,
    rows: number | null,
    headers: Readonly<Record<string, string>> = {},
  ): ApiAnswer => ({
    status,
    headers: {
      ...(body === ''
        ? {}
        : { 'Content-Type': 'application/json; charset=utf-8', DataServiceVersion: '2.0;' }),
      ...headers,
    },
    body,
    rows,
    clientId: chain?.clientId ?? null,
    user: chain?.user ?? null,
    division: target.division,
    route: target.route,
  })
  const errorKey = `${chain?.clientId} ${chain?.user} ${target.division} ${target.route}`
  let headers: Readonly<Record<string, string>> = {}
  try {
    if (!chain || !app) throw new ApiFault(401, '', { Reason: 'Authentication Required' })
    if (limits.isBlocked(errorKey, request.now)) return answer(429, '', null)
    if (target.division !== null) {
      const state = limits.count(app, target.division, request.now)
      headers = state.headers
      if (state.isExceeded) return answer(429, '', null, headers)
    }
    const { status = 200, body, rows, contentType, location } = read(request, target, chain, app, state)
    return answer(status, body, rows, {
      ...headers,
      ...(contentType ? { 'Content-Type': contentType } : {}),
      ...(location ? { Location: location } : {}),
    })
  } catch (error) {
    if (!(error instanceof ApiFault)) throw error
    if ([400, 401, 403, 404].includes(error.status)) limits.countError(errorKey, request.now)
    return answer(error.status, error.body, null, { ...headers, ...error.headers })
  }
}

interface Answered {
  readonly status?: number
  readonly body: string
  readonly rows: number | null
  readonly contentType?: string
  readonly location?: string
}

function read(
  request: ApiRequest,
  target: Target,
  chain: Chain,
  app: App,
  { dataset, collation, issuer }: ApiState,
): Answered {
  const { set } = target
  const divisions = dataset.divisions.filter(
    ({ code }) => chain.divisions === null || chain.divisions.includes(code),
  )
  const division = dataset.divisions.find(({ code }) => code === target.division)
  if (target.division !== null && !divisions.some(({ code }) => code === target.division)) {
    throw new ApiFault(403, 'Forbidden', { Reason: 'NoDivisionAccess' })
  }
  if (!set) throw new ApiFault(404, `Resource not found for the segment '${target.route.split('/').at(-1)}'.`)
  if (!set.entry.methods.includes(request.method)) throw new ApiFault(405, 'Method Not Allowed')
  if (request.accept && !/json|\*\/\*/.test(request.accept) && !target.isCount) {
    throw new ApiFault(415, 'Unsupported media type requested.')
  }
  const isRead = request.method === 'GET'
  checkScope(app, set.entry.scope, isRead ? 'read' : 'write')
  const isDivisions = /(^|\/)(divisions|alldivisions|getmostrecentlyuseddivisions)$/.test(set.path)
  const isMe = set.path === 'current/me'
  const context: ReadContext = {
    dataset,
    collation,
    baseUrl: `${request.origin}/api/v1${target.division === null ? '' : `/${target.division}`}`,
    division: division?.index ?? 0,
    visible: isDivisions ? divisions.map(({ index }) => index) : isMe ? [0] : null,
    overrides: isMe
      ? meOf(chain, divisions[0]?.code ?? null, dataset, issuer.languageOf(chain.user))
      : new Map(),
  }
  if (!isRead) {
    // Companies and users are the licence's own: no app changes them.
    if (!division || /^(system|users)\//.test(set.path)) throw new ApiFault(403, 'Forbidden')
    const writing: WriteContext = {
      ...context,
      user: { id: userGuid(chain.user, dataset), fullName: fullNameOf(chain.user) },
      language: issuer.languageOf(chain.user),
      now: request.now,
      isRepresentationWanted: /return=representation/i.test(request.prefer ?? ''),
    }
    if (request.isReplaced) return { status: 204, body: '', rows: null }
    return writeEntity(request.method, set, target.route, target.key, request.body, writing)
  }
  if (set.path === 'sync/deleted') forgetDeletions(set, context.division, request.now)
  if (target.collection !== null) return readCollection(request, target, target.collection, set, context)
  if (set.entry.kind === 'function') return answerFunction(set, request.query, context, request.now)
  const enforces = app.flags?.enforceMandatoryFilter !== false && target.key === null
  const options = parseQueryOptions(request.query, set, enforces)
  if (target.isCount) {
    return {
      body: String(countEntities(set, options, context)),
      rows: 0,
      contentType: 'text/plain;charset=utf-8',
    }
  }
  if (target.key !== null) return readEntity(set, target.route, target.key, options, context)
  return readPage(set, target.route, request.query, options, context)
}

/** The lines behind one header: what a `__deferred` address leads to. */
function readCollection(
  request: ApiRequest,
  target: Target,
  name: string,
  set: EntitySet,
  context: ReadContext,
): Answered {
  const collection = set.collections.find((known) => known.name === name)
  const header = rowOfKey(set, target.key ?? '', context)
  if (!collection) throw new ApiFault(404, `Resource not found for the segment '${name}'.`)
  const { lines } = collection
  // What the catalogue has no rows for is empty, here as where it is expanded.
  if (!lines) {
    return target.isCount
      ? { body: '0', rows: 0, contentType: 'text/plain;charset=utf-8' }
      : { body: '{"d":{"results":[\r\n\r\n]}}', rows: 0 }
  }
  const visible = lineRows(set, lines, foreignKeyTo(set, lines), context.division, header)
  const options = parseQueryOptions(request.query, lines, false)
  const path = lines.entry.uri.split('{division}/').at(-1) ?? ''
  if (target.isCount) {
    const count = countEntities(lines, options, { ...context, visible })
    return { body: String(count), rows: 0, contentType: 'text/plain;charset=utf-8' }
  }
  return readPage(lines, path, request.query, options, { ...context, visible })
}

/** What `current/Me` says of the user behind the token. */
function meOf(
  chain: Chain,
  currentDivision: number | null,
  dataset: Dataset,
  language: string,
): ReadonlyMap<string, Value> {
  const host = chain.user.split('@')[1]
  const fullName = fullNameOf(chain.user)
  return new Map<string, Value>([
    ['UserID', userGuid(chain.user, dataset)],
    ['UserName', chain.user],
    ['FullName', fullName],
    ['FirstName', fullName.split(' ')[0] ?? ''],
    ['LastName', fullName.split(' ').slice(1).join(' ')],
    ['Email', host ? chain.user : `${chain.user}@example.com`],
    ['CurrentDivision', currentDivision],
    ['AccountingDivision', currentDivision],
    ['ThumbnailPicture', null],
    ['LanguageCode', language],
  ])
}

/** `anna.de.vries@example.com` is Anna De Vries. */
function fullNameOf(user: string): string {
  return (user.split('@')[0] ?? '')
    .split(/[._-]/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join(' ')
}

/** The same user always has the same id, in whatever app. */
function userGuid(user: string, dataset: Dataset): string {
  let number = 1000
  for (const character of user.toLowerCase()) number = (Math.imul(number, 31) + character.charCodeAt(0)) >>> 0
  return dataset.userGuid(number)
}

/** Finds the endpoint of a path. The service may be written in any case, the entity set not. */
function resolve(path: string, dataset: Dataset): Target {
  const parts = /^(beta\/)?(?:(\d+)\/)?(.*?)(?:\(([^)]*)\)(?:\/(\w+))?)?(\/\$count)?\/?$/i.exec(path)
  const [, beta = '', division, name = '', key, collection, count] = parts ?? []
  const found = dataset.entitySets.get(`${beta}${name}`.toLowerCase()) ?? null
  const entity = name.split('/').at(-1)
  const needsDivision = found?.entry.uri.includes('{division}') ?? division !== undefined
  const isRight = found?.entry.uri.endsWith(`/${entity}`) && needsDivision === (division !== undefined)
  return {
    division: division === undefined ? null : Number(division),
    set: isRight ? found : null,
    route: `${beta}${name}`,
    key: key ?? null,
    collection: collection ?? null,
    isCount: count !== undefined,
  }
}
