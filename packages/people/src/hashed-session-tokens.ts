import { createHash } from 'node:crypto'
import type { BetterAuthOptions } from 'better-auth'
import type { DBAdapter, DBTransactionAdapter, Where } from 'better-auth/types'

/** What is stored of a session's token. It has 190 bits of its own: a fast hash is as good as a slow one. */
export const hashSessionToken = (token: string) => createHash('sha256').update(token).digest('base64url')

type Row = Record<string, unknown>
type AnyAdapter = Pick<
  DBAdapter<BetterAuthOptions>,
  | 'create'
  | 'findOne'
  | 'findMany'
  | 'count'
  | 'update'
  | 'updateMany'
  | 'delete'
  | 'deleteMany'
  | 'consumeOne'
  | 'incrementOne'
>

const hashed = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(hashed) : typeof value === 'string' ? hashSessionToken(value) : value

const hashWhere = (where: Where[]): Where[] =>
  where.map((term) =>
    term.field === 'token' ? { ...term, value: hashed(term.value) as Where['value'] } : term,
  )

/** The token that was asked for, so that the row which came back can carry it as the library expects. */
const askedToken = (where: readonly Where[]) => {
  const term = where.find(({ field, operator }) => field === 'token' && (operator ?? 'eq') === 'eq')
  return typeof term?.value === 'string' ? term.value : undefined
}

const withToken = <T>(row: T, token: string | undefined): T =>
  row !== null && typeof row === 'object' && token !== undefined && 'token' in row ? { ...row, token } : row

/**
 * An adapter of better-auth that stores only hashes of session tokens, which the library itself would keep as they are:
 * who reads the database, or a backup of it, cannot log in with what stands there.
 */
export function withHashedSessionTokens(adapter: DBAdapter<BetterAuthOptions>): DBAdapter<BetterAuthOptions> {
  return {
    ...adapter,
    ...wrap(adapter),
    transaction: (work) =>
      adapter.transaction((inner) =>
        work({
          ...inner,
          ...wrap(inner as unknown as AnyAdapter),
        } as DBTransactionAdapter<BetterAuthOptions>),
      ),
  }
}

function wrap(adapter: AnyAdapter): AnyAdapter {
  const isSession = ({ model }: { readonly model: string }) => model === 'session'
  const asked = <Data extends { model: string; where?: Where[] | undefined }>(data: Data): Data =>
    isSession(data) && data.where ? { ...data, where: hashWhere(data.where) } : data
  const changed = <Data extends { model: string; update: Row }>(data: Data): Data =>
    isSession(data) && 'token' in data.update
      ? { ...data, update: { ...data.update, token: hashed(data.update.token) } }
      : data
  return {
    async create(data) {
      if (!isSession(data)) return adapter.create(data)
      const { token } = data.data as Row
      const row = await adapter.create({
        ...data,
        data: { ...data.data, token: hashed(token) },
      } as typeof data)
      return withToken(row, token as string) as never
    },
    async findOne(data) {
      const row = await adapter.findOne(asked(data))
      return (isSession(data) ? withToken(row, askedToken(data.where)) : row) as never
    },
    findMany: (data) => adapter.findMany(asked(data)),
    count: (data) => adapter.count(asked(data)),
    async update(data) {
      const row = await adapter.update(changed(asked(data)))
      return (isSession(data) ? withToken(row, askedToken(data.where)) : row) as never
    },
    updateMany: (data) => adapter.updateMany(changed(asked(data))),
    delete: (data) => adapter.delete(asked(data)),
    deleteMany: (data) => adapter.deleteMany(asked(data)),
    async consumeOne(data) {
      const row = await adapter.consumeOne(asked(data))
      return (isSession(data) ? withToken(row, askedToken(data.where)) : row) as never
    },
    incrementOne: (data) => adapter.incrementOne(asked(data)),
  }
}
