import type { Clock } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type { SourceSession } from '../engine.ts'

type Asked = Pick<SourceSession, 'platform' | 'baseUrl' | 'clientId' | 'grant'>

/**
 * Where each grant's API is, on platforms that tell it with the token. Kept over restarts and shared by all servers, so
 * that it is looked up once for a grant, and again when its data have moved.
 */
export class GrantHosts {
  readonly #store: Store
  readonly #clock: Clock
  readonly #known = new Map<string, string>()
  #forgotten = 0
  /** Look-ups under way: calls that begin together ask once. */
  readonly lookUps = new Map<string, Promise<void>>()

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  keyOf({ platform, baseUrl, grant, clientId }: Asked): string {
    return `${platform} ${baseUrl} ${grant ?? clientId}`
  }

  /** Undefined where nobody has found out yet. */
  async of(session: Asked): Promise<string | undefined> {
    const key = this.keyOf(session)
    for (;;) {
      const known = this.#known.get(key)
      if (known !== undefined || session.grant === undefined) return known
      const begun = this.#forgotten
      const { rows } = await this.#store.pool.query<{ host: string }>(
        'SELECT host FROM grant_host WHERE grant_id = $1 AND base_url = $2',
        [session.grant, session.baseUrl],
      )
      // What was read may be what was forgotten meanwhile.
      if (begun !== this.#forgotten || this.#known.has(key)) continue
      const host = rows[0]?.host
      if (host !== undefined) this.#known.set(key, host)
      return host
    }
  }

  async keep(session: Asked, host: string): Promise<void> {
    this.#known.set(this.keyOf(session), host)
    if (session.grant === undefined) return
    await this.#store.pool.query(
      `INSERT INTO grant_host (grant_id, base_url, host, found_at) VALUES ($1, $2, $3, $4)
       ON CONFLICT (grant_id) DO UPDATE
         SET base_url = excluded.base_url, host = excluded.host, found_at = excluded.found_at`,
      [session.grant, session.baseUrl, host, this.#clock.now()],
    )
  }

  /** The data are not at this host any more. Where another server has found the new one already, that one counts. */
  async forget(session: Asked, host: string | undefined): Promise<void> {
    const key = this.keyOf(session)
    if (host === undefined || this.#known.get(key) !== host) return
    // The row first: whoever finds nothing in memory reads it.
    if (session.grant !== undefined) {
      await this.#store.pool.query('DELETE FROM grant_host WHERE grant_id = $1 AND host = $2', [
        session.grant,
        host,
      ])
    }
    if (this.#known.get(key) !== host) return
    this.#known.delete(key)
    this.#forgotten++
  }
}
