import type { JWK } from 'jose'
import { createHttpCaller, readJson, type SluisOptions } from './http-caller.ts'
import {
  type QueryAnswer,
  type QueryOptions,
  queryRows,
  queryWhole,
  type Row,
  statementBody,
} from './query.ts'
import type {
  ClientChange,
  Database,
  DatabaseSource,
  Explanation,
  Grant,
  Handover,
  HandoverResult,
  Lease,
  NewClient,
  StoredClient,
} from './types.ts'

/** Every POST that creates or spends carries such a key; without one of your own, the SDK makes one up. */
export interface Idempotent {
  /** The same key and request later, also by another process, give the same result and spend nothing. */
  readonly idempotencyKey?: string
}

/** A client of one Sluis with one key. */
export interface Sluis {
  readonly grants: {
    /** Deposits credentials obtained elsewhere. The vault keeps them alive from now on. */
    handOver(handover: Handover, options?: Idempotent): Promise<HandoverResult>
    get(id: string): Promise<Grant>
    /** All of them, page by page as you read on. */
    list(): AsyncGenerator<Grant, void, undefined>
    /** An access token for a call of your own, valid for at least so long. Needs the scope `tokens:lease`. */
    lease(id: string, options?: { readonly minRemainingSeconds?: number }): Promise<Lease>
    delete(id: string): Promise<void>
  }
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
    /** A database on grants that were deposited before, minutes or months ago. */
    create(
      database: {
        readonly name: string
        readonly title?: string
        readonly sources: readonly DatabaseSource[]
      },
      options?: Idempotent,
    ): Promise<Database>
    get(name: string): Promise<Database>
    list(): Promise<readonly Database[]>
    /** Its grants stay. */
    delete(name: string): Promise<void>
  }
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
  const get = async <T>(path: string) => readJson<T>(await call('GET', path))
  const at = (collection: string, id: string) => `/${collection}/${encodeURIComponent(id)}`
  const remove = async (path: string) => {
    await call('DELETE', path)
  }
  const create = (path: string, body: object, { idempotencyKey = crypto.randomUUID() }: Idempotent = {}) =>
    call('POST', path, { body, idempotencyKey })

  return {
    grants: {
      async handOver(handover, idempotent) {
        const response = await create('/grants', handover, idempotent)
        const grant = await readJson<Grant>(response)
        return { grant, outcome: outcomes[response.status] ?? 'existing' }
      },
      get: (id) => get(at('grants', id)),
      async *list() {
        let after: string | undefined
        do {
          const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`
          const page = await get<{ grants: readonly Grant[]; after?: string }>(`/grants${query}`)
          yield* page.grants
          after = page.after
        } while (after !== undefined)
      },
      lease: async (id, body = {}) => readJson(await call('POST', `${at('grants', id)}/lease`, { body })),
      delete: (id) => remove(at('grants', id)),
    },
    clients: {
      create: async (client, idempotent) => readJson(await create('/clients', client, idempotent)),
      get: (id) => get(at('clients', id)),
      list: async () => (await get<{ clients: readonly StoredClient[] }>('/clients')).clients,
      update: async (id, change) => readJson(await call('PATCH', at('clients', id), { body: change })),
      delete: (id) => remove(at('clients', id)),
    },
    handoverKey: () => get('/handover-key'),
    databases: {
      create: async (database, idempotent) => readJson(await create('/databases', database, idempotent)),
      get: (name) => get(at('databases', name)),
      list: async () => (await get<{ databases: readonly Database[] }>('/databases')).databases,
      delete: (name) => remove(at('databases', name)),
    },
    query: (database, sql, query = {}) => queryRows(call, database, sql, query),
    queryAll: (database, sql, query = {}) => queryWhole(call, database, sql, query),
    async explain(database, sql, query = {}) {
      const body = statementBody(sql, query)
      return readJson(
        await call('POST', `${at('databases', database)}/explain`, { body, signal: query.signal }),
      )
    },
  }
}

const outcomes: Readonly<Record<number, HandoverResult['outcome']>> = {
  200: 'existing',
  201: 'created',
  202: 'open',
}
