import { languages, roleNames, scopes } from '@sluis/people'
import { connectLanguages, webhookEvents } from '@sluis/vault'
import { z } from 'zod'

const time = z.iso.datetime()
const facts = z.record(z.string(), z.unknown())
const text = z.string()
const count = z.number().int()
const nothing = z.undefined()
const clientId = text.regex(/^cli_/)

/** RFC 9457, with our stable code; more members tell the facts of a code. */
export const problemAnswer = z.looseObject({
  type: text,
  title: text,
  status: count,
  code: text,
  detail: text,
  hint: text.optional(),
})

const grant = z.object({
  id: text,
  state: z.enum([
    'pending',
    'active',
    'refreshing',
    'ambiguous',
    'needs_consent',
    'misconfigured',
    'revoked',
  ]),
  platform: text,
  region: text,
  clientId: text,
  platformUser: z
    .object({
      id: text,
      name: text,
      email: text.optional(),
      values: z.record(text, text).optional(),
      tenants: z.array(z.object({ id: text, name: text })).optional(),
    })
    .nullable(),
  label: text.nullable(),
  externalId: text.nullable(),
  generation: count,
  proven: z.object({ accessToken: z.boolean(), refreshToken: z.boolean(), client: z.boolean() }),
  accessToken: z.object({ expiresAt: time }).nullable(),
  refreshToken: z
    .object({
      held: z.literal(true),
      idleExpiresAt: time.nullable(),
      absoluteExpiresAt: time.nullable(),
    })
    .nullable(),
  notBefore: time.optional(),
  databases: z.array(text),
  createdAt: time,
  lastRefreshedAt: time.nullable(),
  problem: z.object({ code: text, detail: text, hint: text.optional() }).optional(),
})

const region = z.object({ id: text, label: text, isOperators: z.boolean() })
const platform = z.object({
  id: text,
  label: text,
  accessTokenSeconds: count,
  refreshIdleSeconds: count.nullable(),
  codeSeconds: count.nullable(),
  isRefreshTokenSingleUse: z.boolean(),
  hasTables: z.boolean().describe('Whether databases can read from it; grants can be kept of all.'),
  consent: z
    .object({
      scopes: z.object({ always: z.array(text), usual: z.array(text) }).nullable(),
      takesPkce: z.boolean(),
    })
    .nullable()
    .describe('Null: users cannot be sent there for consent from here.'),
  regions: z.array(region),
})

const loan = z.object({ organisation: text, partitions: z.array(text), lentAt: time })

const event = z.object({
  id: count,
  at: time,
  actor: text,
  actorName: text.nullable().describe('What the person or key is called now.'),
  action: text,
  facts,
})
const auditEvent = event.extend({ subject: text })

const client = z.object({
  id: clientId,
  platform: text,
  region: text,
  clientId: text,
  label: text.nullable(),
  redirectUris: z.array(text),
  servesDescendants: z.boolean().describe('Organisations below may use it too.'),
  isInherited: z.boolean().describe('It belongs to an organisation above.'),
  grants: count,
  newSecret: z
    .object({ since: time, refusedAt: time.nullable() })
    .nullable()
    .describe('A secret that was given and has not worked yet.'),
  createdAt: time,
})

const output = z.enum(['grant', 'code', 'tokens', 'envelope'])
const preauthentication = z.object({
  id: text,
  state: z.enum(['waiting', 'exchanging', 'done', 'refused', 'shown', 'expired']),
  platform: text,
  region: text,
  clientId: text,
  redirectUri: text,
  returnsBy: z.enum(['redirect', 'paste']),
  output,
  scopes: z.array(text).nullable(),
  label: text.nullable(),
  externalId: text.nullable(),
  grant: text.nullable(),
  resultUntil: time.nullable(),
  problem: z.object({ code: text, detail: text, hint: text.optional() }).nullable(),
  createdAt: time,
  expiresAt: time,
})
const begunPreauthentication = preauthentication.extend({
  startUrl: text.optional().describe('To be opened by the user; given where the platform returns to us.'),
  authorizeUrl: text
    .optional()
    .describe('The platform’s page, where the user comes back elsewhere and the address is pasted.'),
})
const preauthenticationResult = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('code'), code: text, redirectUri: text, codeVerifier: text.optional() }),
  z.object({
    kind: z.literal('tokens'),
    accessToken: text.nullable(),
    refreshToken: text.nullable(),
    expiresAt: time.nullable(),
    user: grant.shape.platformUser,
    values: z.record(text, text),
  }),
  z.object({ kind: z.literal('envelope'), jwe: text }),
])

const askedConsent = z.object({
  organisation: text,
  platform: text,
  platformLabel: text,
  region: text,
  clientId: text,
  clientLabel: text.nullable(),
  output,
  scopes: z.array(text).nullable(),
})

const brandTexts = z.object({ en: text.nullable(), nl: text.nullable() })
const brand = z.object({
  name: text,
  organisation: text,
  colour: text,
  logo: text.nullable(),
  texts: brandTexts,
})
const connectLanguage = z.enum(connectLanguages)
const connectRefusal = z.enum(['expired', 'used', 'revoked', 'other-browser', 'other-person', 'failed'])
const connectSettings = z.object({
  name: text.nullable(),
  colour: text.nullable(),
  logo: text.nullable(),
  texts: brandTexts,
  origin: text.nullable(),
  returnAddresses: z.array(text),
  isInherited: z.boolean(),
  changedAt: time.nullable(),
})
const connectLink = z.object({
  id: text,
  state: z.enum(['open', 'started', 'expired', 'revoked', 'connected', 'pending', 'cancelled', 'refused']),
  platform: text,
  region: text,
  client: text,
  scopes: z.array(text).nullable(),
  label: text.nullable(),
  externalId: text.nullable(),
  renews: text.nullable(),
  returnAddress: text,
  returnState: text.nullable(),
  language: connectLanguage.nullable(),
  grant: text.nullable(),
  reason: connectRefusal.nullable(),
  problem: preauthentication.shape.problem,
  createdAt: time,
  expiresAt: time,
})
const madeConnectLink = connectLink.extend({
  url: text.describe('For the customer; given this once.'),
})
const connectPage = z.object({
  brand,
  language: connectLanguage.nullable(),
  platform: text,
  platformLabel: text,
  region,
  clientLabel: text.nullable(),
  scopes: z.array(text).nullable(),
  isRenewal: z.boolean(),
  returnHost: text,
  refusal: connectRefusal.nullable().describe('Why it goes no further.'),
  returnUrl: text.nullable(),
})
const connectEnd = z.object({
  outcome: z.enum(['connected', 'pending', 'cancelled', 'refused']),
  reason: connectRefusal.nullable(),
  brand,
  language: connectLanguage.nullable(),
  returnUrl: text.nullable(),
})
/** Of a consent that a connect link began, its customer is told where to go and no more. */
const endedConsent = z.union([preauthentication, z.object({ connect: connectEnd })])

const databaseSource = z.object({
  alias: text,
  grant: text,
  platform: text,
  partitions: z.union([z.literal('all'), z.array(text)]),
})

const database = z.object({
  name: text,
  title: text.nullable(),
  strict: z.boolean(),
  maxAgeSeconds: count.nullable(),
  sources: z.array(databaseSource),
  createdAt: time,
})
const createdDatabase = database.extend({ grant: grant.optional() })

const stats = z.object({
  apiCalls: count.describe('Calls that the platform saw for this statement.'),
  rowsFetched: count,
  bytesFetched: count,
  planMs: z.number(),
  elapsedMs: z.number(),
  truncated: z.boolean().optional(),
  cache: z.object({ hits: count, callsSaved: count, oldestAgeSeconds: count.nullable() }).optional(),
  warnings: z.array(text),
  scans: z.array(
    z.object({
      table: text,
      endpoint: text,
      partitions: z.array(text),
      filter: text,
      columns: z.array(text),
      calls: count,
      rows: count,
      cached: z.object({ pages: count, oldestAgeSeconds: count }).optional(),
    }),
  ),
})
const queryAnswer = z.object({
  columns: z.array(z.object({ name: text, type: text })),
  rows: z.array(z.array(z.unknown())),
  stats: stats.optional(),
  error: problemAnswer
    .optional()
    .describe('Came after the first rows: what is there is not the whole answer.'),
})
/** A value as a row's columns hold it. */
const columnValues = z.record(text, z.unknown()).nullable()
const writtenStatement = z.object({
  verb: text,
  table: text,
  rows: z.array(
    z.object({
      row: count,
      outcome: z.enum(['inserted', 'updated', 'unchanged', 'deleted', 'failed', 'unknown', 'not attempted']),
      partition: text.nullable(),
      key: text.nullable(),
      error: text.nullable(),
      old: columnValues,
      new: columnValues,
    }),
  ),
  revert: z.array(text),
})
const statement = z.object({
  id: text,
  database: text,
  sql: text,
  actor: text,
  actorName: text.nullable().describe('What the person or key that ran it is called now.'),
  state: z.enum(['planning', 'fetching', 'running', 'done', 'failed', 'cancelled']),
  startedAt: time,
  endedAt: time.nullable(),
  progress: z.object({
    callsMade: count,
    callsExpected: z.number(),
    rowsFetched: count,
    partitionsDone: count,
    partitionsTotal: count,
    waitingUntil: time.nullable(),
  }),
  error: z.object({ code: text, detail: text, hint: text.optional() }).nullable(),
  stats: stats.nullable(),
  write: writtenStatement.optional(),
  nativeCalls: z.array(
    z.object({
      method: text,
      route: text,
      status: count.nullable(),
      rows: count.nullable(),
      bytes: count,
      ms: z.number(),
    }),
  ),
})
const savedQuery = z.object({
  id: text,
  name: text,
  sql: text,
  isShared: z.boolean(),
  isOwn: z.boolean(),
  mayChange: z.boolean(),
  author: text.nullable(),
  createdAt: time,
  changedAt: time,
})
const calls = z.object({ min: z.number(), expected: z.number(), max: z.number().nullable() })
const explanation = z.object({
  class: text,
  calls,
  scans: z.array(
    z.object({
      table: text,
      endpoint: text,
      partitions: z.array(text),
      filter: text,
      columns: z.array(text),
      pushed: z.array(z.object({ term: text, judgement: text })),
      keysFrom: z.array(text),
      requests: z.array(text),
      calls,
      reason: text,
    }),
  ),
  write: z
    .object({
      verb: text,
      table: text,
      rows: count.nullable().describe('Null where the rows must be read first.'),
      requests: z.array(text),
      calls,
    })
    .optional()
    .describe('For a write: what would be sent after the reads.'),
  warnings: z.array(text),
})
const column = z.object({
  name: text,
  type: text,
  fields: z.array(z.object({ name: text, type: text })).optional(),
  isNullable: z.boolean(),
  isKey: z.boolean(),
  filter: z
    .enum(['exact', 'superset', 'no'])
    .describe(
      'How the platform itself answers `column = value`: the same rows, more of them, or not at all.',
    ),
})
const tableSummary = z.object({
  schema: text,
  name: text,
  source: text,
  columns: count,
  isFunction: z.literal(true).optional(),
})
const tableDescription = z.object({
  schema: text,
  name: text,
  source: text,
  partitionColumn: text.nullable(),
  columns: z.array(column),
  isFunction: z.literal(true).optional(),
  parameters: z.array(z.object({ name: text, type: text })).optional(),
})
const partition = z.object({ id: text, name: text, isReadable: z.boolean(), source: text })
const budget = z.object({
  source: text,
  clientId: text.nullable(),
  partition: text,
  window: z
    .enum(['minute', 'day', 'hour'])
    .describe('An hour counts the errors of one endpoint, the others count calls.'),
  endpoint: text.nullable(),
  limit: count,
  remaining: count,
  resetsAt: time,
})
const usage = z.object({
  days: z.array(z.object({ day: time, statements: count, failed: count, calls: count, rows: count })),
  errors: z.array(z.object({ code: text, statements: count })),
  running: z.array(statement),
})

const scope = z.enum(scopes)
const key = z.object({
  id: text,
  name: text,
  scopes: z.array(scope),
  descendants: z.boolean(),
  databases: z.array(text).nullable(),
  addresses: z.array(text).nullable(),
  createdAt: time,
  expiresAt: time.nullable(),
  revokedAt: time.nullable(),
  lastUsedAt: time.nullable(),
})
const createdKey = key.extend({ key: text.describe('Shown this once.') })
const role = z.enum(roleNames)
const organisation = z.object({ id: text, parentId: text.nullable(), name: text, slug: text })
const member = z.object({ id: text, name: text, email: text, role, hasTwoFactor: z.boolean(), since: time })
const invitation = z.object({
  id: text,
  email: text,
  role,
  invitedBy: text,
  createdAt: time,
  expiresAt: time,
})
const newInvitation = invitation.extend({
  link: text.describe('Shown this once.'),
  isMailed: z.boolean().describe('The mail server took it.'),
})
const invitationPreview = z.object({
  organisation: z.object({ id: text, name: text }),
  email: text,
  role,
  isKnown: z.boolean(),
  expiresAt: time,
})
const access = z.object({
  kind: z.enum(['key', 'person']),
  organisation,
  scopes: z.array(scope),
  descendants: z.boolean(),
  databases: z.array(text).nullable(),
  roles: z.array(role).describe('The roles that the caller may give.'),
})
const contact = z.object({ id: text, email: text, language: z.enum(languages) })
const membership = z.object({ id: text, name: text, role })
const memberships = z.array(membership)
const person = z.object({ id: text, name: text, email: text, hasTwoFactor: z.boolean() })
const session = z.object({
  id: text,
  createdAt: time,
  expiresAt: time,
  address: text.nullable(),
  userAgent: text.nullable(),
  isCurrent: z.boolean(),
})

const eventType = z.enum(webhookEvents)
const webhook = z.object({
  id: text,
  url: text,
  description: text.nullable(),
  events: z.array(eventType).nullable(),
  descendants: z.boolean(),
  previousSecretUntil: time.nullable(),
  createdAt: time,
})
const webhookWithSecret = webhook.extend({ secret: text.describe('Shown this once.') })
const delivery = z.object({
  id: text,
  eventId: text,
  type: eventType,
  grant: text,
  state: z.enum(['pending', 'delivered', 'dead']),
  attempts: count,
  nextAttemptAt: time.nullable(),
  lastStatus: count.nullable(),
  lastError: text.nullable(),
  createdAt: time,
  endedAt: time.nullable(),
})

const known = { line: count, id: text.optional(), status: count }
/** One line of the answer to a batch; the last one may say what stopped it. */
export const batchOutcome = z.union([
  z.object({
    ...known,
    outcome: z.enum(['created', 'superseded', 'repeated', 'open']),
    organisation: text,
    grant,
    database: text.optional(),
  }),
  z.object({ ...known, outcome: z.enum(['would-be-sent', 'would-be-repeated']) }),
  z.object({ ...known, problem: problemAnswer }),
  z.object({ error: problemAnswer }),
])

/** What has a name of its own in the description, and so in the typed clients that are made of it. */
const components: Readonly<Record<string, z.ZodType>> = {
  Access: access,
  AskedConsent: askedConsent,
  AuditEvent: auditEvent,
  BatchOutcome: batchOutcome,
  BegunPreauthentication: begunPreauthentication,
  Brand: brand,
  Budget: budget,
  CallEstimate: calls,
  ConnectEnd: connectEnd,
  ConnectLink: connectLink,
  ConnectPage: connectPage,
  ConnectRefusal: connectRefusal,
  ConnectSettings: connectSettings,
  Contact: contact,
  CreatedDatabase: createdDatabase,
  CreatedKey: createdKey,
  Database: database,
  DatabaseSource: databaseSource,
  Delivery: delivery,
  EventType: eventType,
  EndedConsent: endedConsent,
  Explanation: explanation,
  Grant: grant,
  GrantEvent: event,
  Invitation: invitation,
  InvitationPreview: invitationPreview,
  Key: key,
  Loan: loan,
  MadeConnectLink: madeConnectLink,
  LogInSession: session,
  Member: member,
  Membership: membership,
  NewInvitation: newInvitation,
  Organisation: organisation,
  Partition: partition,
  Person: person,
  Platform: platform,
  Preauthentication: preauthentication,
  PreauthenticationResult: preauthenticationResult,
  Problem: problemAnswer,
  QueryAnswer: queryAnswer,
  QueryStats: stats,
  Region: region,
  Statement: statement,
  Role: role,
  SavedQuery: savedQuery,
  Scope: scope,
  StoredClient: client,
  TableColumn: column,
  TableDescription: tableDescription,
  TableSummary: tableSummary,
  Usage: usage,
  Webhook: webhook,
  WebhookWithSecret: webhookWithSecret,
  WrittenStatement: writtenStatement,
}
for (const [id, schema] of Object.entries(components)) z.globalRegistry.add(schema, { id })

/**
 * What each route answers when it succeeds, for the description at `/api/v1/openapi.json`. Nothing is checked by it while
 * the server runs: answers stream, and a test holds what the routes really say against this table.
 */
export const routeAnswers: Readonly<Record<string, Readonly<Record<number, z.ZodType>>>> = {
  'POST /grants': { 200: grant, 201: grant, 202: grant },
  'GET /grants': { 200: z.object({ grants: z.array(grant), after: text.optional() }) },
  'GET /grants/:id': { 200: grant },
  'GET /grants/:id/events': { 200: z.object({ events: z.array(event), after: text.optional() }) },
  'DELETE /grants/:id': { 204: nothing },
  'POST /grants/:id/lease': { 200: z.object({ accessToken: text, expiresAt: time, generation: count }) },
  'POST /grants/:id/refresh': { 200: grant },
  'GET /platforms': { 200: z.object({ platforms: z.array(platform) }) },
  'GET /grants/:id/loans': { 200: z.object({ loans: z.array(loan) }) },
  'POST /grants/:id/loans': { 201: loan },
  'DELETE /grants/:id/loans/:organisation': { 204: nothing },
  'GET /loans': {
    200: z.object({
      loans: z.array(z.object({ grant: text, platform: text, partitions: z.array(text), lentAt: time })),
    }),
  },
  'GET /handover-key': {
    200: z.object({ kty: text, crv: text, x: text, y: text.optional(), use: text, alg: text, kid: text }),
  },

  'POST /preauthentications': { 200: begunPreauthentication, 201: begunPreauthentication },
  'GET /preauthentications': { 200: z.object({ preauthentications: z.array(preauthentication) }) },
  'GET /preauthentications/:id': { 200: preauthentication },
  'POST /preauthentications/:id/return': { 200: preauthentication },
  'POST /preauthentications/:id/result': { 200: preauthenticationResult },
  'DELETE /preauthentications/:id': { 204: nothing },
  'POST /consents/look': { 200: askedConsent },
  'POST /consents/start': { 200: z.object({ authorizeUrl: text }) },
  'POST /consents/return': { 200: endedConsent },

  'GET /connect-settings': { 200: connectSettings },
  'PATCH /connect-settings': { 200: connectSettings },
  'POST /connect-links': { 200: madeConnectLink, 201: madeConnectLink },
  'GET /connect-links': { 200: z.object({ links: z.array(connectLink) }) },
  'GET /connect-links/:id': { 200: connectLink },
  'DELETE /connect-links/:id': { 204: nothing },
  'POST /connect/look': { 200: connectPage },
  'POST /connect/start': { 200: z.object({ authorizeUrl: text }) },
  'POST /connect/cancel': { 200: connectEnd },

  'POST /clients': { 200: client, 201: client },
  'GET /clients': { 200: z.object({ clients: z.array(client) }) },
  'GET /clients/:id': { 200: client },
  'PATCH /clients/:id': { 200: client },
  'DELETE /clients/:id': { 204: nothing },

  'POST /databases': { 200: createdDatabase, 201: createdDatabase, 202: createdDatabase },
  'GET /databases': { 200: z.object({ databases: z.array(database) }) },
  'GET /databases/:name': { 200: database },
  'PATCH /databases/:name': { 200: database },
  'DELETE /databases/:name': { 204: nothing },
  'GET /databases/:name/tables': { 200: z.object({ tables: z.array(tableSummary) }) },
  'GET /databases/:name/tables/:table': { 200: tableDescription },
  'GET /databases/:name/partitions': { 200: z.object({ partitions: z.array(partition) }) },
  'POST /databases/:name/keys': { 201: createdKey },
  'GET /databases/:name/keys': { 200: z.object({ keys: z.array(key) }) },
  'DELETE /databases/:name/keys/:id': { 204: nothing },
  'GET /databases/:name/budgets': { 200: z.object({ budgets: z.array(budget) }) },
  'GET /usage': { 200: usage },
  'POST /databases/:name/query': { 200: queryAnswer, 202: statement },
  'POST /databases/:name/explain': { 200: explanation },
  'GET /databases/:name/statements': {
    200: z.object({ statements: z.array(statement), after: text.optional() }),
  },
  'GET /databases/:name/statements/:id': { 200: statement },
  'GET /databases/:name/statements/:id/result': { 200: queryAnswer },
  'DELETE /databases/:name/statements/:id': { 204: nothing },

  'GET /queries': { 200: z.object({ queries: z.array(savedQuery) }) },
  'POST /queries': { 200: savedQuery, 201: savedQuery },
  'PATCH /queries/:id': { 200: savedQuery },
  'DELETE /queries/:id': { 204: nothing },

  'POST /keys': { 201: createdKey },
  'GET /keys': { 200: z.object({ keys: z.array(key) }) },
  'DELETE /keys/:id': { 204: nothing },
  'POST /keys/rotate': { 200: z.object({ moved: z.record(text, count) }) },
  'GET /vault/awaited': { 200: z.object({ processes: z.array(text) }) },
  'POST /vault/assume-lost': { 200: z.object({ processes: z.array(text) }) },

  'GET /access': { 200: access },
  'GET /organisations': { 200: z.object({ organisations: z.array(organisation) }) },
  'GET /organisations/:id': { 200: organisation },
  'POST /organisations': { 201: organisation },
  'PATCH /organisations/:id': { 200: organisation },
  'DELETE /organisations/:id': { 204: nothing },

  'GET /members': { 200: z.object({ members: z.array(member) }) },
  'POST /members': { 201: newInvitation },
  'GET /contacts': { 200: z.object({ contacts: z.array(contact) }) },
  'POST /contacts': { 201: contact },
  'DELETE /contacts/:id': { 204: nothing },
  'GET /single-sign-on': { 200: z.object({ name: text.nullable() }) },
  'POST /password-resets': { 202: z.object({ isMailed: z.boolean() }) },
  'PATCH /members/:id': { 200: member },
  'DELETE /members/:id': { 204: nothing },
  'POST /members/:id/reset-link': { 201: z.object({ link: text }) },
  'GET /invitations': { 200: z.object({ invitations: z.array(invitation) }) },
  'DELETE /invitations/:id': { 204: nothing },
  'POST /invitations/preview': { 200: invitationPreview },
  'POST /invitations/accept': {
    201: z.object({ person: z.object({ id: text, email: text }), organisations: memberships }),
  },
  'POST /setup': {
    201: z.object({ person: z.object({ id: text, name: text, email: text }), organisations: memberships }),
  },
  'GET /session': { 200: z.object({ person, organisations: memberships }) },
  'GET /sessions': { 200: z.object({ sessions: z.array(session) }) },
  'DELETE /sessions/:id': { 204: nothing },

  'GET /audit': { 200: z.object({ events: z.array(auditEvent) }) },

  'POST /webhooks': { 201: webhookWithSecret },
  'GET /webhooks': { 200: z.object({ webhooks: z.array(webhook) }) },
  'GET /webhooks/:id': { 200: webhook },
  'DELETE /webhooks/:id': { 204: nothing },
  'POST /webhooks/:id/rotate': { 200: webhookWithSecret },
  'GET /webhooks/:id/deliveries': { 200: z.object({ deliveries: z.array(delivery) }) },
  'POST /webhooks/:id/deliveries/replay': { 202: z.object({ replayed: count }) },
}
