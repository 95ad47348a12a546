import type { Scope } from '@sluis/people'
import type { AuditAction } from '@sluis/shared'

/** Who may call a route. */
export interface RouteAccess {
  /** `public`: anybody · `person`: whoever is logged in · `caller`: a key or a person in an organisation. */
  readonly who: 'public' | 'person' | 'caller'
  /** All of these scopes are needed. */
  readonly scopes: readonly Scope[]
  /** One of these is enough. */
  readonly oneOf?: readonly Scope[]
  /** What a success is called in the audit trail, where the part that does it writes no event itself. */
  readonly act?: AuditAction
  /** Whether a key that is bound to databases may: it then sees of them only what is its own. */
  readonly bound?: true
  /**
   * Whether a link of our own pages leads to it, so that the browser itself keeps the answer as a file: then the
   * browser's word that one of our pages asks (`Sec-Fetch-Site`) stands for our header, and the organisation is in the
   * address. It must change nothing.
   */
  readonly linked?: true
}

const needs = (...scopes: readonly Scope[]): RouteAccess => ({ who: 'caller', scopes })
const acts = (act: AuditAction, ...scopes: readonly Scope[]): RouteAccess => ({ who: 'caller', scopes, act })
/** Also for keys that are bound to databases. */
const bound = (access: RouteAccess): RouteAccess => ({ ...access, bound: true })
/** Also by a link of our pages. */
const linked = (access: RouteAccess): RouteAccess => ({ ...access, linked: true })
const anybody: RouteAccess = { who: 'public', scopes: [] }
const person: RouteAccess = { who: 'person', scopes: [] }
const ownOrAudit: RouteAccess = { who: 'caller', scopes: [], oneOf: ['query', 'audit:read'] }

/**
 * Every route below `/api/v1` and who may call it: the server judges by this table before it reads a body, and does not
 * start with a route that is not in it. Roles are names for scopes (`roles` of `@sluis/people`), so this is also the table
 * of routes and roles.
 */
export const routeAccess: Readonly<Record<string, RouteAccess>> = {
  'GET /openapi.json': anybody,
  'POST /setup': anybody,
  'POST /invitations/accept': anybody,
  'POST /invitations/preview': anybody,

  'POST /password-resets': anybody,
  'GET /single-sign-on': anybody,

  'GET /session': person,
  'GET /sessions': person,
  'DELETE /sessions/:id': person,

  'POST /grants': needs('handover:write'),
  'GET /grants': needs('grants:read'),
  'GET /grants/:id': needs('grants:read'),
  'GET /grants/:id/events': needs('grants:read'),
  'DELETE /grants/:id': needs('grants:write'),
  'POST /grants/:id/lease': needs('tokens:lease'),
  'POST /grants/:id/refresh': needs('grants:write'),
  'GET /grants/:id/loans': needs('grants:read'),
  'POST /grants/:id/loans': needs('grants:write'),
  'DELETE /grants/:id/loans/:organisation': needs('grants:write'),
  'GET /loans': needs('databases:read'),
  'GET /platforms': needs(),
  'GET /handover-key': needs('handover:write'),
  'POST /handovers/batch': acts('handover.batch', 'handover:write'),

  'POST /preauthentications': needs('preauthentication:write'),
  'GET /preauthentications': needs('preauthentication:write'),
  'GET /preauthentications/:id': needs('preauthentication:write'),
  'POST /preauthentications/:id/return': needs('preauthentication:write'),
  'POST /preauthentications/:id/result': needs('preauthentication:write'),
  'DELETE /preauthentications/:id': needs('preauthentication:write'),
  // For whoever holds the secret of a start address, or the browser that used it.
  'POST /consents/look': anybody,
  'POST /consents/start': anybody,
  'POST /consents/return': anybody,

  'GET /connect-settings': needs('connect:write'),
  'PATCH /connect-settings': needs('connect:write'),
  'POST /connect-links': needs('connect:write'),
  'GET /connect-links': needs('connect:write'),
  'GET /connect-links/:id': needs('connect:write'),
  'DELETE /connect-links/:id': needs('connect:write'),
  // For whoever holds the secret of a link, until a browser has gone on with it.
  'POST /connect/look': anybody,
  'POST /connect/start': anybody,
  'POST /connect/cancel': anybody,

  'POST /clients': needs('clients:write'),
  'GET /clients': needs('clients:read'),
  'GET /clients/:id': needs('clients:read'),
  'PATCH /clients/:id': needs('clients:write'),
  'DELETE /clients/:id': needs('clients:write'),

  'POST /databases': acts('database.created', 'databases:write'),
  'GET /databases': bound(needs('databases:read')),
  'GET /databases/:name': bound(needs('databases:read')),
  'PATCH /databases/:name': acts('database.changed', 'databases:write'),
  'DELETE /databases/:name': acts('database.deleted', 'databases:write'),
  'GET /databases/:name/tables': bound(needs('databases:read')),
  'GET /databases/:name/tables/:table': bound(needs('databases:read')),
  'GET /databases/:name/partitions': bound(needs('databases:read')),
  'GET /databases/:name/budgets': bound(needs('databases:read')),

  'POST /databases/:name/keys': needs('databases:write'),
  'GET /databases/:name/keys': needs('databases:write'),
  'DELETE /databases/:name/keys/:id': needs('databases:write'),

  // What ran, who ran it and what it cost is kept as statements.
  'POST /databases/:name/query': bound(needs('query')),
  'POST /databases/:name/explain': bound(needs('query')),
  'GET /databases/:name/statements': bound(ownOrAudit),
  'GET /databases/:name/statements/:id': bound(ownOrAudit),
  'GET /databases/:name/statements/:id/result': linked(bound(needs('query'))),
  'DELETE /databases/:name/statements/:id': bound(acts('statement.cancelled', 'query')),

  'GET /queries': needs('query'),
  'POST /queries': needs('query'),
  'PATCH /queries/:id': needs('query'),
  'DELETE /queries/:id': needs('query'),

  'GET /usage': bound(ownOrAudit),

  'POST /keys': bound(needs('admin')),
  'GET /keys': needs('admin'),
  'DELETE /keys/:id': needs('admin'),
  'POST /keys/rotate': acts('keys.rotated', 'admin'),
  'GET /vault/awaited': needs('admin'),
  'POST /vault/assume-lost': acts('process.assumed-lost', 'admin'),

  'GET /access': bound(needs()),
  'GET /organisations': needs(),
  'GET /organisations/:id': needs(),
  'POST /organisations': needs('organisations:write'),
  'PATCH /organisations/:id': needs('organisations:write'),
  // All of these together only an owner has.
  'DELETE /organisations/:id': needs('organisations:write', 'admin', 'tokens:lease'),

  'GET /members': needs('admin'),
  'POST /members': needs('admin'),
  'PATCH /members/:id': needs('admin'),
  'DELETE /members/:id': needs('admin'),
  'POST /members/:id/reset-link': needs('admin'),
  'GET /contacts': needs('admin'),
  'POST /contacts': needs('admin'),
  'DELETE /contacts/:id': needs('admin'),
  'GET /invitations': needs('admin'),
  'DELETE /invitations/:id': needs('admin'),

  'GET /audit': needs('audit:read'),
  'GET /audit/export': linked(acts('audit.exported', 'audit:read')),

  'POST /webhooks': needs('webhooks:write'),
  'GET /webhooks': needs('webhooks:write'),
  'GET /webhooks/:id': needs('webhooks:write'),
  'DELETE /webhooks/:id': needs('webhooks:write'),
  'POST /webhooks/:id/rotate': needs('webhooks:write'),
  'GET /webhooks/:id/deliveries': needs('webhooks:write'),
  'POST /webhooks/:id/deliveries/replay': acts('webhook.replayed', 'webhooks:write'),
}

export const apiPrefix = '/api/v1'

/** The line for a route as it was registered; a HEAD is judged as its GET. */
export function accessOf(method: string, url: string): RouteAccess {
  const route = `${method === 'HEAD' ? 'GET' : method} ${url.slice(apiPrefix.length)}`
  const access = Object.hasOwn(routeAccess, route) ? routeAccess[route] : undefined
  if (access === undefined)
    throw new TypeError(`${route} has no line in route-access.ts: who may call it is not decided`)
  return access
}
