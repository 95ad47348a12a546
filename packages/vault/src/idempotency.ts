import { type Clock, type OrganisationId, type RandomBytes, SluisError } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import type { KeyRing } from './key-ring.ts'

/** A request that its sender may repeat: the same key with the same body is the same request. */
export interface IdempotentRequest {
  readonly key: string
  /** The route's pattern, `POST /grants`. */
  readonly route: string
  /** The body as text; only a keyed hash of it is kept. */
  readonly body: string
}

/** What is known of a request that came before. `status` and `answer` are null while it has no outcome yet. */
export interface KnownRequest<T = unknown> {
  readonly subject: string | null
  readonly status: number | null
  readonly answer: T | null
}

/** A key as its row claims it. */
export interface ClaimedKey {
  readonly organisation_id: OrganisationId
  readonly route: string
  readonly key: string
  readonly body_hash: Buffer
  readonly subject: string | null
  readonly created_at: number
}

/** In place of a route: the sealed envelope that credentials came in, whatever request brings it. */
export const envelopeRoute = 'envelope'

/** How long a key is remembered. */
const keptMs = 30 * 86_400_000

/** Recognises requests that are repeated, also while the first one runs and after a crash. */
export class Idempotency {
  readonly #store: Store
  readonly #keys: KeyRing
  readonly #clock: Clock
  readonly #random: RandomBytes

  constructor(store: Store, keys: KeyRing, clock: Clock, random: RandomBytes) {
    this.#store = store
    this.#keys = keys
    this.#clock = clock
    this.#random = random
  }

  /** What this request led to when it came before; another body under the same key is `IDEMPOTENCY_KEY_REUSED`. */
  async find<T = unknown>(
    organisationId: OrganisationId,
    request: IdempotentRequest,
    tx: pg.ClientBase | pg.Pool = this.#store.pool,
  ): Promise<KnownRequest<T> | null> {
    const { rows } = await tx.query<KnownRequest<T> & { readonly body_hash: Buffer }>(
      'SELECT subject, status, answer, body_hash FROM idempotency_key WHERE organisation_id = $1 AND route = $2 AND key = $3',
      [organisationId, request.route, request.key],
    )
    const [known] = rows
    if (!known) return null
    if (!known.body_hash.equals(await this.#hash(request))) {
      throw new SluisError('IDEMPOTENCY_KEY_REUSED', 'This Idempotency-Key was used for another request.', {
        hint: 'Use a new key for a new request, and the same body with the same key.',
      })
    }
    return { subject: known.subject, status: known.status, answer: known.answer }
  }

  /** The row that claims a key. */
  async rowOf(
    organisationId: OrganisationId,
    request: IdempotentRequest,
    subject: string | null,
  ): Promise<ClaimedKey> {
    return {
      organisation_id: organisationId,
      route: request.route,
      key: request.key,
      body_hash: await this.#hash(request),
      subject,
      created_at: this.#clock.now(),
    }
  }

  /** Claims the key in the transaction of the request's first effect. False when somebody else has it. */
  async claim(
    tx: pg.ClientBase,
    organisationId: OrganisationId,
    request: IdempotentRequest,
    subject: string | null,
  ): Promise<boolean> {
    const { route, key, body_hash, created_at } = await this.rowOf(organisationId, request, subject)
    const { rowCount } = await tx.query(
      `INSERT INTO idempotency_key (organisation_id, route, key, body_hash, subject, created_at)
       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
      [organisationId, route, key, body_hash, subject, created_at],
    )
    return rowCount === 1
  }

  /** Gives a claimed key back after a failure that left nothing behind: a repetition tries again. */
  async release(organisationId: OrganisationId, { route, key }: IdempotentRequest): Promise<void> {
    await this.#store.pool.query(
      'DELETE FROM idempotency_key WHERE organisation_id = $1 AND route = $2 AND key = $3 AND status IS NULL',
      [organisationId, route, key],
    )
  }

  /** Forgets that a request was refused: what is asked under its key now was not asked before. */
  async forgetFailure(organisationId: OrganisationId, { route, key }: IdempotentRequest): Promise<void> {
    await this.#store.pool.query(
      'DELETE FROM idempotency_key WHERE organisation_id = $1 AND route = $2 AND key = $3 AND answer IS NOT NULL',
      [organisationId, route, key],
    )
  }

  /** Keeps the outcome for the next time. The answer must hold no secret. */
  async answer(
    tx: pg.ClientBase,
    organisationId: OrganisationId,
    request: Pick<IdempotentRequest, 'route' | 'key'>,
    status: number,
    answer: unknown,
  ): Promise<void> {
    await tx.query(
      'UPDATE idempotency_key SET status = $4, answer = $5 WHERE organisation_id = $1 AND route = $2 AND key = $3',
      [organisationId, request.route, request.key, status, JSON.stringify(answer)],
    )
  }

  /**
   * Does `work` once for a request, whatever happens to the answer on its way: claim, effect and answer are one
   * transaction, and a repetition that comes meanwhile waits for it. Without a request, which has no key, every time.
   */
  once<T>(
    organisationId: OrganisationId,
    request: IdempotentRequest | null,
    work: (tx: pg.PoolClient) => Promise<{ readonly status: number; readonly answer: T }>,
  ): Promise<{ readonly status: number; readonly answer: T; readonly isRepeated: boolean }> {
    return this.#store.transaction(async (tx) => {
      if (request === null) return { ...(await work(tx)), isRepeated: false }
      if (!(await this.claim(tx, organisationId, request, null))) {
        const known = await this.find(organisationId, request, tx)
        if (known?.status == null) {
          throw new SluisError(
            'INVALID_REQUEST',
            'The first request with this Idempotency-Key is still open.',
            {
              hint: 'Repeat it in a moment.',
            },
          )
        }
        return { status: known.status, answer: known.answer as T, isRepeated: true }
      }
      const { status, answer } = await work(tx)
      await this.answer(tx, organisationId, request, status, answer)
      return { status, answer, isRepeated: false }
    })
  }

  /**
   * As `once`, for what is made with a secret of 32 bytes that is told to who made it: the same request again is told
   * the same. The installation's own key makes it from a salt that is remembered as long as the request is; the secret
   * itself is kept nowhere, and after that nobody can make it again.
   */
  async onceWithSecret<T>(
    organisationId: OrganisationId,
    request: IdempotentRequest | null,
    work: (tx: pg.PoolClient, secret: Buffer) => Promise<{ readonly status: number; readonly answer: T }>,
  ): Promise<{ readonly answer: T; readonly secret: Buffer; readonly isRepeated: boolean }> {
    const salt = Buffer.from(this.#random(32)).toString('base64url')
    const fresh = await this.#secretOf(salt)
    const { answer, isRepeated } = await this.once(organisationId, request, async (tx) => {
      const made = await work(tx, fresh)
      return { status: made.status, answer: { salt, made: made.answer } }
    })
    return { answer: answer.made, secret: isRepeated ? await this.#secretOf(answer.salt) : fresh, isRepeated }
  }

  #secretOf(salt: string): Promise<Buffer> {
    // A token, which is known by the same key, holds no NUL.
    return this.#keys.fingerprint(`\0told once ${salt}`)
  }

  /** A key for a request that came without one: requests with the same body are the same. */
  async keyOf(body: string): Promise<string> {
    return (await this.#keys.fingerprint(`key ${body}`)).toString('base64url')
  }

  /** Forgets keys that are older than 30 days. */
  async prune(): Promise<void> {
    await this.#store.pool.query('DELETE FROM idempotency_key WHERE created_at < $1', [
      this.#clock.now() - keptMs,
    ])
  }

  #hash({ body }: IdempotentRequest): Promise<Buffer> {
    return this.#keys.fingerprint(`body ${body}`)
  }
}
