import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** How long a page may stand open between log-in and consent. */
const proofMs = 10 * 60_000

/**
 * Who is logged in: browsers by a cookie, and, between one page and the next, by a proof that the page before was
 * answered rightly. Forgotten when the emulator ends, as browsers' sessions are.
 */
export class LogIns {
  readonly #secret = randomBytes(32)
  readonly #sessions = new Map<string, string>()

  /** A new session's cookie value. */
  open(user: string): string {
    const session = randomBytes(24).toString('base64url')
    this.#sessions.set(session, user)
    return session
  }

  userOf(session: string | null): string | null {
    return session === null ? null : (this.#sessions.get(session) ?? null)
  }

  /** That a user got past a step, for the page that follows it. */
  prove(user: string, step: 'password' | 'log-in', now: number): string {
    const claim = `${step} ${now} ${user.toLowerCase()}`
    return `${now}.${createHmac('sha256', this.#secret).update(claim).digest('base64url')}`
  }

  isProof(proof: string | null, user: string, step: 'password' | 'log-in', now: number): boolean {
    const at = Number(proof?.split('.')[0] ?? Number.NaN)
    if (!(at <= now && now - at <= proofMs)) return false
    const [given, own] = [Buffer.from(proof ?? ''), Buffer.from(this.prove(user, step, at))]
    return given.length === own.length && timingSafeEqual(given, own)
  }

  clear(): void {
    this.#sessions.clear()
  }
}
