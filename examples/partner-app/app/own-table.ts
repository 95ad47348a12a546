import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'

/** What the partner knows of a customer's books at one platform. */
export interface Connection {
  readonly customer: string
  readonly platform: string
  /** Tokens that only Sluis can open, from the consent until they are handed over; then null. */
  readonly envelope: string | null
  /** Goes with the envelope: the handover may be repeated under it. */
  readonly idempotencyKey: string
  /** Milliseconds since 1970, by the platform's clock. */
  readonly consentedAt: number
  /** The grant at Sluis, once the tokens are there. */
  readonly grant: string | null
  /** The customer must consent again. */
  readonly isLapsed: boolean
}

/** A consent under way: who began it, and what must come back. */
export interface Attempt {
  readonly platform: string
  readonly nonce: string
  /** The public key to seal for: fetched before the customer is sent away, so that no tokens come without a lid. */
  readonly sealingKey: string
}

/** The partner's own database: here SQLite in one file. No token is in it that the partner itself could read. */
export class OwnTable {
  readonly #db: DatabaseSync

  constructor(file: string) {
    this.#db = new DatabaseSync(file)
    this.#db.exec(`
      PRAGMA journal_mode = WAL;
      CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, customer TEXT NOT NULL) STRICT;
      CREATE TABLE IF NOT EXISTS attempts (
        state TEXT PRIMARY KEY, session TEXT NOT NULL, platform TEXT NOT NULL, nonce TEXT NOT NULL,
        sealing_key TEXT NOT NULL
      ) STRICT;
      CREATE TABLE IF NOT EXISTS connections (
        customer TEXT NOT NULL, platform TEXT NOT NULL, envelope TEXT, idempotency_key TEXT NOT NULL,
        consented_at INTEGER NOT NULL, grant_id TEXT, is_lapsed INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (customer, platform)
      ) STRICT;
    `)
  }

  /** Begins a session; returns what its cookie holds. Only a digest of that is kept. */
  logIn(customer: string): string {
    const cookie = randomBytes(32).toString('base64url')
    this.#db.prepare('INSERT INTO sessions VALUES (?, ?)').run(digest(cookie), customer)
    return cookie
  }

  logOut(cookie: string): void {
    this.#db.prepare('DELETE FROM attempts WHERE session = ?').run(digest(cookie))
    this.#db.prepare('DELETE FROM sessions WHERE id = ?').run(digest(cookie))
  }

  customerOf(cookie: string): string | null {
    const row = this.#db.prepare('SELECT customer FROM sessions WHERE id = ?').get(digest(cookie))
    return (row?.customer as string | undefined) ?? null
  }

  /** Returns the `state` for the platform (RFC 6749 § 10.12). */
  beginAttempt(cookie: string, { platform, nonce, sealingKey }: Attempt): string {
    const state = randomBytes(24).toString('base64url')
    this.#db
      .prepare('INSERT INTO attempts VALUES (?, ?, ?, ?, ?)')
      .run(digest(state), digest(cookie), platform, nonce, sealingKey)
    return state
  }

  /** The attempt, once, and only to the session that began it. */
  takeAttempt(cookie: string, state: string): Attempt | null {
    const row = this.#db
      .prepare(
        'DELETE FROM attempts WHERE state = ? AND session = ? RETURNING platform, nonce, sealing_key AS sealingKey',
      )
      .get(digest(state), digest(cookie))
    return (row as Attempt | undefined) ?? null
  }

  /** Keeps a new consent. A grant of an earlier one stays: Sluis goes on with it. */
  keepConsent(customer: string, platform: string, envelope: string, consentedAt: number): void {
    this.#db
      .prepare(
        `INSERT INTO connections (customer, platform, envelope, idempotency_key, consented_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET envelope = excluded.envelope, idempotency_key = excluded.idempotency_key,
           consented_at = excluded.consented_at, is_lapsed = 0`,
      )
      .run(customer, platform, envelope, randomUUID(), consentedAt)
  }

  /** Sluis has the tokens now: the envelope goes, because only one program may refresh. */
  noteGrant(customer: string, platform: string, grant: string): void {
    this.#db
      .prepare(
        'UPDATE connections SET grant_id = ?, envelope = NULL, is_lapsed = 0 WHERE customer = ? AND platform = ?',
      )
      .run(grant, customer, platform)
  }

  /** Keeps a consent that was given on Sluis' page: Sluis has its tokens, and has had them alone. */
  keepGrant(customer: string, platform: string, grant: string, consentedAt: number): void {
    this.keepConsent(customer, platform, '', consentedAt)
    this.noteGrant(customer, platform, grant)
  }

  noteLapsed(customer: string, platform: string): void {
    this.#db
      .prepare('UPDATE connections SET envelope = NULL, is_lapsed = 1 WHERE customer = ? AND platform = ?')
      .run(customer, platform)
  }

  connection(customer: string, platform: string): Connection | null {
    const row = this.#db
      .prepare(
        `SELECT customer, platform, envelope, idempotency_key AS idempotencyKey, consented_at AS consentedAt,
           grant_id AS "grant", is_lapsed AS isLapsed
         FROM connections WHERE customer = ? AND platform = ?`,
      )
      .get(customer, platform)
    return row ? ({ ...row, isLapsed: row.isLapsed === 1 } as unknown as Connection) : null
  }

  close(): void {
    this.#db.close()
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest('base64url')
