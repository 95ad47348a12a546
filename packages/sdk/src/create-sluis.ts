import type { JWK } from 'jose'
import { createApiCaller } from './api-caller.ts'
import { type BatchOptions, handOverAll } from './batch.ts'
import { type ConnectLinks, createConnectLinks } from './connect-links.ts'
import { createHttpCaller, readJson, type SluisOptions } from './http-caller.ts'
import { type Idempotent, once } from './idempotent.ts'
import {
  type QueryAnswer,
  type QueryOptions,
  queryRows,
  queryWhole,
  type Row,
  statementBody,
} from './query.ts'
import { createStatements, type Statements } from './statements.ts'
import type {
  BatchLine,
  BegunPreauthentication,
  ClientChange,
  CreatedDatabase,
  Database,
  DatabaseChange,
  Explanation,
  Grant,
  GrantEvent,
  Handover,
  HandoverResult,
  Lease,
  LineOutcome,
  NewClient,
  NewDatabase,
  NewPreauthentication,
  Preauthentication,
  PreauthenticationResult,
  StoredClient,
} from './types.ts'
import { createWebhooks, type Webhooks } from './webhooks.ts'

/** A client of one Sluis with one key. */
export interface Sluis {
  readonly grants: {
    /** Deposits credentials obtained elsewhere. The vault keeps them alive from now on. */
    handOver(handover: Handover, options?: Idempotent): Promise<HandoverResult>
    /** Deposits many: an outcome for each line as it is known. The same lines again resume a batch that broke off. */
    handOverAll(
      lines: Iterable<BatchLine> | AsyncIterable<BatchLine>,
      options?: BatchOptions,
    ): AsyncGenerator<LineOutcome, void, undefined>
    get(id: string): Promise<Grant>
    /** All of them, page by page as you read on. */
    list(): AsyncGenerator<Grant, void, undefined>
    /** An access token for a call of your own, valid for at least so long. Needs the scope `tokens:lease`. */
    lease(id: string, options?: { readonly minRemainingSeconds?: number }): Promise<Lease>
    /** What happened to it, oldest first, page by page as you read on. */
    events(id: string): AsyncGenerator<GrantEvent, void, undefined>
    delete(id: string): Promise<void>
  }
  /** Consents that are asked from Sluis, where your application has no log-in of its own. */
  readonly preauthentications: {
    /** Gives the address for the user: `startUrl`, or `authorizeUrl` where the return is pasted back. */
    begin(preauthentication: NewPreauthentication, options?: Idempotent): Promise<BegunPreauthentication>
    get(id: string): Promise<Preauthentication>
    list(): Promise<readonly Preauthentication[]>
    /** Ends one with the whole address that the platform sent the browser to. */
    paste(id: string, url: string): Promise<Preauthentication>
    /** Code, tokens or envelope, once, to the key that began; then it is erased. */
    result(id: string): Promise<PreauthenticationResult>
    /** Erases it, with its result. */
    cancel(id: string): Promise<void>
  }
  readonly connectLinks: ConnectLinks
  /** App registrations, to be named in handovers in place of client ID and secret. */
  readonly clients: {
    create(client: NewClient, options?: Idempotent): Promise<StoredClient>
    get(id: string): Promise<StoredClient>
    list(): Promise<readonly StoredClient[]>
    /** A new secret touches no grant. */
    update(id: string, change: ClientChange): Promise<StoredClient>
    /** Refused while grants use it. */
    delete(id: string): Promise<void>
  }
  /** The public key to seal credentials for, with `sealCredentials` of `@sluis/sdk/seal`. */
  handoverKey(): Promise<JWK>
  readonly databases: {
    /** A database on grants that were deposited before, minutes or months ago, or straight from credentials. */
    create(database: NewDatabase, options?: Idempotent): Promise<CreatedDatabase>
    get(name: string): Promise<Database>
    list(): Promise<readonly Database[]>
    /** Another title, name or settings, other sources. */
    update(name: string, change: DatabaseChange): Promise<Database>
    /** Its grants stay. */
    delete(name: string): Promise<void>
  }
  readonly statements: Statements
  readonly webhooks: Webhooks
  /** Rows as an async iterable; the statement starts when you begin to read. */
  query<T extends Row = Row>(
    database: string,
    sql: string,
    options?: QueryOptions,
  ): AsyncGenerator<T, void, undefined>
  /** The whole answer, with columns and what it cost. */
  queryAll(database: string, sql: string, options?: QueryOptions): Promise<QueryAnswer>
  /** What a statement would cost; makes no call to the platform. */
  explain(database: string, sql: string, options?: QueryOptions): Promise<Explanation>
}

/** A client of the Sluis at `url`. Nothing is sent before the first call. */
export function createSluis(options: SluisOptions): Sluis {
  const call = createHttpCaller(options)
  const api = createApiCaller(call)
  const { ask, send } = api

  return {
    grants: {
      async handOver(handover, idempotent) {
        const response = await send('POST /grants', { body: handover, ...once(idempotent) })
        const grant = await readJson<Grant>(response)
        return { grant, outcome: outcomes[response.status] ?? 'existing' }
      },
      handOverAll: (lines, batch = {}) => handOverAll(call, lines, batch),
      get: (id) => ask('GET /grants/{id}', { path: { id } }),
      async *list() {
        let after: string | undefined
        do {
          const page = await ask('GET /grants', { query: after === undefined ? {} : { after } })
          yield* page.grants
          after = page.after
        } while (after !== undefined)
      },
      lease: (id, body = {}) => ask('POST /grants/{id}/lease', { path: { id }, body }),
      async *events(id) {
        let after: string | undefined
        do {
          const query = after === undefined ? {} : { after }
          const page = await ask('GET /grants/{id}/events', { path: { id }, query })
          yield* page.events
          after = page.after
        } while (after !== undefined)
      },
      delete: (id) => ask('DELETE /grants/{id}', { path: { id } }),
    },
    preauthentications: {
      begin: (body, idempotent) => ask('POST /preauthentications', { body, ...once(idempotent) }),
      get: (id) => ask('GET /preauthentications/{id}', { path: { id } }),
      list: async () => (await ask('GET /preauthentications')).preauthentications,
      paste: (id, url) => ask('POST /preauthentications/{id}/return', { path: { id }, body: { url } }),
      result: (id) => ask('POST /preauthentications/{id}/result', { path: { id } }),
      cancel: (id) => ask('DELETE /preauthentications/{id}', { path: { id } }),
    },
    connectLinks: createConnectLinks(api),
    clients: {
      create: (body, idempotent) => ask('POST /clients', { body, ...once(idempotent) }),
      get: (id) => ask('GET /clients/{id}', { path: { id } }),
      list: async () => (await ask('GET /clients')).clients,
      update: (id, body) => ask('PATCH /clients/{id}', { path: { id }, body }),
      delete: (id) => ask('DELETE /clients/{id}', { path: { id } }),
    },
    handoverKey: () => ask('GET /handover-key'),
    databases: {
      create: (body, idempotent) => ask('POST /databases', { body, ...once(idempotent) }),
      get: (name) => ask('GET /databases/{name}', { path: { name } }),
      list: async () => (await ask('GET /databases')).databases,
      update: (name, body) => ask('PATCH /databases/{name}', { path: { name }, body }),
      delete: (name) => ask('DELETE /databases/{name}', { path: { name } }),
    },
    statements: createStatements(api),
    webhooks: createWebhooks(api),
    query: (database, sql, query = {}) => queryRows(api, database, sql, query),
    queryAll: (database, sql, query = {}) => queryWhole(api, database, sql, query),
    explain: (name, sql, query = {}) =>
      ask('POST /databases/{name}/explain', {
        path: { name },
        body: statementBody(sql, query),
        signal: query.signal,
      }),
  }
}

const outcomes: Readonly<Record<number, HandoverResult['outcome']>> = {
  200: 'existing',
  201: 'created',
  202: 'open',
}
