import { createHmac } from 'node:crypto'
import { type Clock, isSluisError, type OrganisationId, type RandomBytes, SluisError } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import { grantChannel } from './grant-store.ts'
import type { KeyEncryptionKey, SealedKey } from './kek.ts'
import { type SealContext, seal, sealedKeyId, unseal } from './seal.ts'
import type { SpooledKey } from './spool-records.ts'

/** A key of an organisation, opened. */
export interface OpenKey {
  readonly id: string
  readonly organisation: string
  readonly bytes: Buffer
}

/** `data` seals rows, `handover` opens envelopes, the others are the installation's own. */
export type KeyPurpose = 'data' | 'handover' | 'fingerprint' | 'canary' | 'people'

interface KeyRow {
  readonly id: string
  readonly organisation_id: string
  readonly purpose: KeyPurpose
  readonly kek_id: string
  readonly sealed: Buffer
}

/** The installation's own keys are kept under this name in place of an organisation's. */
const installation = ''
/**
 * A current key is looked up again after this, also when news of a rotation was missed: a retired key, which is kept for
 * days, must not be sealed with when it goes.
 */
const currentMs = 600_000

/** What processes tell each other when an organisation has a new current key. */
export const rotationOf = (organisationId: string) => `key:${organisationId}`

/** Whether a database holds anything that only its key can open: then no new key may be made for it. */
export async function holdsSealedData(store: Store): Promise<boolean> {
  const { rows } = await store.pool.query<{ holds: boolean }>(
    'SELECT EXISTS (SELECT FROM vault_key) OR EXISTS (SELECT FROM token_grant) AS holds',
  )
  return rows[0]?.holds === true
}

/** Data keys, one current per organisation, each sealed under the key-encryption key; opened keys stay in memory. */
export class KeyRing {
  readonly #store: Store
  readonly #kek: KeyEncryptionKey
  readonly #clock: Clock
  readonly #random: RandomBytes
  readonly #byId = new Map<string, OpenKey>()
  /** The same as they stand in the database, for the spool. */
  readonly #sealedById = new Map<string, SpooledKey>()
  readonly #lastUsed = new Map<string, OpenKey>()
  readonly #current = new Map<string, { readonly key: OpenKey; readonly until: number }>()

  constructor(store: Store, kek: KeyEncryptionKey, clock: Clock, random: RandomBytes) {
    this.#store = store
    this.#kek = kek
    this.#clock = clock
    this.#random = random
  }

  /**
   * Proves at start that the key-encryption key is the one that this database was sealed with: its canary opens. A
   * database that holds grants and no keys is refused.
   */
  async check(): Promise<void> {
    const { rows } = await this.#store.pool.query<{ keys: boolean; grants: boolean }>(
      'SELECT EXISTS (SELECT FROM vault_key) AS keys, EXISTS (SELECT FROM token_grant WHERE sealed_tokens IS NOT NULL) AS grants',
    )
    if (rows[0]?.grants && !rows[0].keys) {
      throw new SluisError(
        'KEY_UNUSABLE',
        'The database holds sealed tokens, and their keys are gone from it.',
        {
          hint: 'Restore table vault_key from the backup that the rest came from.',
        },
      )
    }
    await this.keyFor(installation, 'canary')
    await this.keyFor(installation, 'fingerprint')
  }

  async seal(plain: string | Buffer, context: SealContext): Promise<Buffer> {
    const key = await this.#atHand(context.organisation)
    return seal(key.bytes, key.id, Buffer.from(plain), context, this.#random)
  }

  /**
   * Sees to it that this process can seal for the organisation without asking the database: to be called before a
   * token is spent, because the answer may come while the database is away. `ids`: other keys that the answer's record
   * in the spool will need.
   */
  async prepare(organisation: string, ids: readonly string[] = []): Promise<void> {
    this.#lastUsed.set(organisation, await this.keyFor(organisation, 'data'))
    // One that cannot be had may not be needed for this spend at all.
    for (const id of ids) if (!this.#byId.has(id)) await this.keyById(id).catch(() => {})
  }

  /** The current key or, while the database cannot be asked, the one of the last spend: it is kept for days. */
  async #atHand(organisation: string): Promise<OpenKey> {
    try {
      return await this.keyFor(organisation, 'data')
    } catch (error) {
      const last = this.#lastUsed.get(organisation)
      if (last === undefined) throw error
      return last
    }
  }

  async unseal(blob: Buffer, context: SealContext): Promise<Buffer> {
    return unseal((await this.keyById(sealedKeyId(blob))).bytes, blob, context)
  }

  /** 32 bytes of the installation for its people's log-ins: the same on every server, sealed like the other keys. */
  async peopleKey(): Promise<Buffer> {
    const { bytes } = await this.keyFor(installation, 'people')
    return bytes
  }

  /** A keyed hash that recognises a value without keeping it; the same for all organisations. */
  async fingerprint(text: string): Promise<Buffer> {
    const { bytes } = await this.keyFor(installation, 'fingerprint')
    return createHmac('sha256', bytes).update(text).digest()
  }

  /** The current key, made when there is none: 32 random bytes unless `make` says otherwise. */
  async keyFor(organisation: string, purpose: KeyPurpose, make = this.#randomKey): Promise<OpenKey> {
    const name = `${organisation} ${purpose}`
    const known = this.#current.get(name)
    if (known && known.until > this.#clock.now()) return known.key
    const pool = this.#store.pool
    const find = async () => {
      const { rows } = await pool.query<{ id: string }>(
        'SELECT id FROM vault_key WHERE organisation_id = $1 AND purpose = $2 AND is_current',
        [organisation, purpose],
      )
      return rows[0]?.id
    }
    const id = await find()
    // Of several processes that need a first key at once, one inserts and all read the same.
    if (id === undefined) await this.#insert(pool, organisation, purpose, make())
    const key = await this.keyById(id ?? (await find()) ?? '')
    this.#current.set(name, { key, until: this.#clock.now() + currentMs })
    return key
  }

  readonly #randomKey = (): Buffer => Buffer.from(this.#random(32))

  async #insert(
    db: pg.ClientBase | pg.Pool,
    organisation: string,
    purpose: KeyPurpose,
    bytes: Buffer,
  ): Promise<void> {
    const id = Buffer.from(this.#random(8)).toString('hex')
    const { id: kekId, blob } = await this.#sealKey(bytes, keyContext(organisation, id, purpose))
    await db.query(
      `INSERT INTO vault_key (id, organisation_id, purpose, kek_id, sealed, is_current, created_at)
       SELECT $1, $2, $3, $4, $5, true, $6 WHERE NOT EXISTS (SELECT FROM vault_shredded WHERE organisation_id = $2)
       ON CONFLICT (organisation_id, purpose) WHERE is_current DO NOTHING`,
      [id, organisation, purpose, kekId, blob, this.#clock.now()],
    )
  }

  async keyById(id: string): Promise<OpenKey> {
    const key = await this.findKey(id)
    if (key) return key
    throw new SluisError('KEY_UNUSABLE', 'The key of a sealed value is gone from the database.', {
      hint: 'Restore its row of table vault_key from a backup of the time when the value was sealed.',
    })
  }

  /** Null when there is no such key: one that cannot be opened now is there all the same, and is an error. */
  async findKey(id: string): Promise<OpenKey | null> {
    const known = this.#byId.get(id)
    if (known) return known
    const { rows } = await this.#store.pool.query<KeyRow>(
      'SELECT id, organisation_id, purpose, kek_id, sealed FROM vault_key WHERE id = $1',
      [id],
    )
    const [row] = rows
    if (!row) return null
    const bytes = await this.#open(row)
    const key = { id, organisation: row.organisation_id, bytes }
    this.#byId.set(id, key)
    if (row.purpose === 'data') this.#sealedById.set(id, toSpooled(row))
    return key
  }

  /** Those of these keys that are at hand, sealed. */
  sealedKeys(ids: readonly string[]): readonly SpooledKey[] {
    return ids.map((id) => this.#sealedById.get(id)).filter((key) => key !== undefined)
  }

  /** Those of these organisations whose keys were destroyed for good. */
  async shreddedOf(organisations: readonly string[]): Promise<readonly string[]> {
    if (organisations.length === 0) return []
    const { rows } = await this.#store.pool.query<{ id: string }>(
      'SELECT organisation_id AS id FROM vault_shredded WHERE organisation_id = ANY($1)',
      [organisations],
    )
    return rows.map(({ id }) => id)
  }

  /** Forgets what was destroyed while nobody was listening, and says whose that was. */
  async forgetShredded(): Promise<readonly string[]> {
    const held = new Set([...this.#byId.values()].map(({ organisation }) => organisation))
    const shredded = await this.shreddedOf([...held])
    for (const organisation of shredded) this.forget(organisation)
    return shredded
  }

  /**
   * Puts keys of a spool into a database that does not know them, as keys that were replaced: they open, nothing is
   * sealed with them any more, and they go when nothing needs them. One that is there stays as it is. `unopened` could
   * not be asked for now, because of `failure`; one that is of no use at all is left out.
   */
  async putBack(
    keys: readonly SpooledKey[],
  ): Promise<{ readonly unopened: ReadonlySet<string>; readonly failure: unknown }> {
    const unopened = new Set<string>()
    let failure: unknown = null
    if (keys.length === 0) return { unopened, failure }
    const { rows } = await this.#store.pool.query<{ id: string }>(
      'SELECT id FROM vault_key WHERE id = ANY($1)',
      [keys.map(({ id }) => id)],
    )
    const known = new Set(rows.map(({ id }) => id))
    for (const key of keys.filter(({ id }) => !known.has(id))) {
      const row: KeyRow = {
        id: key.id,
        organisation_id: key.organisation,
        purpose: 'data',
        kek_id: key.kekId,
        sealed: Buffer.from(key.sealed, 'base64'),
      }
      try {
        // A key that nothing opens would keep every later start from moving all keys to a new key-encryption key.
        await this.#open(row)
      } catch (error) {
        if (isSluisError(error, 'KEY_UNUSABLE')) continue
        unopened.add(key.id)
        failure ??= error
        continue
      }
      await this.#store.transaction(async (tx) => {
        // Never beside the destruction of the organisation's keys, which would not see this one.
        await tx.query(lockKeysOf, [key.organisation])
        await tx.query(
          `INSERT INTO vault_key (id, organisation_id, purpose, kek_id, sealed, is_current, created_at, retired_at)
           SELECT $1, $2, 'data', $3, $4, false, $5, $5
           WHERE NOT EXISTS (SELECT FROM vault_shredded WHERE organisation_id = $2) ON CONFLICT (id) DO NOTHING`,
          [key.id, key.organisation, key.kekId, row.sealed, this.#clock.now()],
        )
      })
    }
    return { unopened, failure }
  }

  #open(row: KeyRow): Promise<Buffer> {
    const context = keyContext(row.organisation_id, row.id, row.purpose)
    return asked(() => this.#kek.unseal(row.kek_id, row.sealed, context))
  }

  #sealKey(bytes: Buffer, context: SealContext): Promise<SealedKey> {
    return asked(() => this.#kek.seal(bytes, context, this.#random))
  }

  /** A new current key; the one before goes on opening what it sealed. Other processes hear of it. */
  async rotate(
    organisationId: OrganisationId,
    purpose: 'data' | 'handover',
    bytes: Buffer = this.#randomKey(),
  ): Promise<void> {
    await this.#store.transaction(async (tx) => {
      // Two rotations at once are one after the other.
      await tx.query(lockKeysOf, [organisationId])
      await tx.query(
        `UPDATE vault_key SET is_current = false, retired_at = $3
         WHERE organisation_id = $1 AND purpose = $2 AND is_current`,
        [organisationId, purpose, this.#clock.now()],
      )
      await this.#insert(tx, organisationId, purpose, bytes)
      await tx.query('SELECT pg_notify($1, $2)', [grantChannel, rotationOf(organisationId)])
    })
    this.forgetCurrent(organisationId)
  }

  /** The current key is looked up again at the next use; keys that were opened stay open. */
  forgetCurrent(organisation: string): void {
    for (const name of this.#current.keys()) {
      if (name.startsWith(`${organisation} `)) this.#current.delete(name)
    }
  }

  /** Looks every current key up again: news may have been missed. */
  forgetAllCurrent(): void {
    this.#current.clear()
  }

  /** Nothing of this organisation can be opened from here any more, unless its keys are still in the database. */
  forget(organisation: string): void {
    this.forgetCurrent(organisation)
    this.#lastUsed.delete(organisation)
    for (const [id, key] of this.#byId) {
      if (key.organisation !== organisation) continue
      this.#byId.delete(id)
      this.#sealedById.delete(id)
    }
  }

  /** Seals every key under the current key-encryption key. Says how many were under an earlier one. */
  async rewrap(): Promise<number> {
    const current = await asked(() => this.#kek.currentId())
    let done = 0
    for (;;) {
      const { rows } = await this.#store.pool.query<KeyRow>(
        'SELECT id, organisation_id, purpose, kek_id, sealed FROM vault_key WHERE kek_id <> $1 LIMIT 200',
        [current],
      )
      if (rows.length === 0) {
        await this.#readSealedAgain(current)
        return done
      }
      for (const row of rows) {
        const context = keyContext(row.organisation_id, row.id, row.purpose)
        const { id: kekId, blob } = await this.#sealKey(await this.#open(row), context)
        const { rowCount } = await this.#store.pool.query(
          'UPDATE vault_key SET sealed = $3, kek_id = $4 WHERE id = $1 AND kek_id = $2',
          [row.id, row.kek_id, blob, kekId],
        )
        done += rowCount ?? 0
      }
    }
  }

  /** What goes to the spool from now on is under the current key-encryption key, too. */
  async #readSealedAgain(current: string): Promise<void> {
    const earlier = [...this.#sealedById.values()].filter(({ kekId }) => kekId !== current)
    if (earlier.length === 0) return
    const { rows } = await this.#store.pool.query<KeyRow>(
      'SELECT id, organisation_id, purpose, kek_id, sealed FROM vault_key WHERE id = ANY($1)',
      [earlier.map(({ id }) => id)],
    )
    for (const row of rows) if (this.#byId.has(row.id)) this.#sealedById.set(row.id, toSpooled(row))
  }

  /** A new key-encryption key, and every key sealed under it. */
  async rotateKek(): Promise<number> {
    const { rotate } = this.#kek
    if (rotate === null) {
      throw new SluisError(
        'KEY_UNUSABLE',
        'This key-encryption key is not kept in a file: Sluis cannot replace it.',
        {
          hint: 'Put the new key before the old one where the key comes from, and restart: at start all keys move to the first.',
        },
      )
    }
    return this.#store.transaction(async (tx) => {
      // Processes that share the file replace it one after the other.
      await tx.query('SELECT pg_advisory_xact_lock(4712)')
      await asked(() => rotate(this.#random))
      return this.rewrap()
    })
  }
}

/** Whatever changes which keys an organisation has is done one after the other. */
export const lockKeysOf = 'SELECT pg_advisory_xact_lock(hashtextextended($1, 4713))'

const toSpooled = (row: KeyRow): SpooledKey => ({
  id: row.id,
  organisation: row.organisation_id,
  kekId: row.kek_id,
  sealed: row.sealed.toString('base64'),
})

/** What a key-encryption key answers. A service that fails in its own words is one that cannot be asked now. */
async function asked<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (isSluisError(cause)) throw cause
    throw new SluisError(
      'KEY_SERVICE_UNAVAILABLE',
      'The key-encryption key cannot be used now: where it is kept did not answer.',
      {
        hint: 'Nothing is lost. See that the key management service can be reached and lets this server use its key, and try again.',
        cause,
      },
    )
  }
}

const keyContext = (organisation: string, id: string, purpose: string): SealContext => ({
  organisation,
  grant: id,
  field: `key:${purpose}`,
  chain: 0,
  generation: 0,
})
