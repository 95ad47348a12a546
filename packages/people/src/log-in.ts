import { randomUUID } from 'node:crypto'
import { type AuditAction, type Clock, type PersonId, type RandomBytes, SluisError } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import type { AuditTrail } from './audit-trail.ts'
import { checkedBody } from './checked-body.ts'
import { LockOut } from './lock-out.ts'
import type { LogInLibrary } from './log-in-library.ts'
import { addressHeader, type LogInParts } from './log-in-parts.ts'
import { createSingleSignOn, singleSignOnCalls } from './single-sign-on.ts'
import { unprovenAccess } from './unproven-access.ts'

/** Somebody who has logged in. */
export interface Person {
  readonly id: PersonId
  readonly name: string
  readonly email: string
  readonly hasTwoFactor: boolean
  /** The session through which they came. */
  readonly sessionId: string
}

/**
 * The only calls of the library that are reachable. What it brings besides (sign-up without an invitation, lists of
 * session tokens, changes of an address without proof) stays shut until somebody decides about it here.
 */
export const openCalls = [
  'POST /sign-in/email',
  'POST /sign-out',
  'GET /get-session',
  'POST /change-password',
  'POST /reset-password',
  'POST /update-user',
  'POST /verify-password',
  'POST /two-factor/enable',
  'POST /two-factor/disable',
  'POST /two-factor/get-totp-uri',
  'POST /two-factor/verify-totp',
  'POST /two-factor/verify-backup-code',
  'POST /two-factor/generate-backup-codes',
  'GET /passkey/generate-register-options',
  'POST /passkey/verify-registration',
  'GET /passkey/generate-authenticate-options',
  'POST /passkey/verify-authentication',
  'GET /passkey/list-user-passkeys',
  'POST /passkey/delete-passkey',
  ...singleSignOnCalls,
] as const

const actOf: Readonly<Record<string, AuditAction>> = {
  'POST /sign-out': 'person.logged_out',
  'POST /change-password': 'person.password_changed',
  'POST /update-user': 'person.changed',
  'POST /two-factor/enable': 'person.two_factor_begun',
  'POST /two-factor/disable': 'person.two_factor_disabled',
  'POST /two-factor/generate-backup-codes': 'person.backup_codes_replaced',
  'POST /passkey/verify-registration': 'person.passkey_added',
  'POST /passkey/delete-passkey': 'person.passkey_removed',
}

/** What the keepers of members and of the first owner stand on. */
export interface PersonParts {
  readonly store: Store
  readonly clock: Clock
  readonly random: RandomBytes
  readonly audit: AuditTrail
  readonly logIn: LogIn
}

/** Log-in with password and TOTP, or a passkey, on better-auth, over our own PostgreSQL. */
export type LogIn = ReturnType<typeof createLogIn>

/** Names a link for a new password that was mailed, beside the library's own record of it. */
const mailedReset = 'mailed-reset'

export function createLogIn(parts: LogInParts) {
  const { store, clock, random, audit } = parts
  // Loaded when somebody first logs in: the library takes 25 MB, which a server that only programs call never needs.
  let loading: Promise<LogInLibrary> | undefined
  const library = () => {
    loading ??= import('./log-in-library.ts').then(({ openLogInLibrary }) => openLogInLibrary(parts))
    return loading
  }
  const lockOut = new LockOut(store, clock)
  const provider = parts.singleSignOn ?? null
  const atProvider = provider === null ? null : createSingleSignOn(parts, provider)

  const personOf = async (cookie: string | undefined): Promise<Person | null> => {
    if (!cookie?.includes('sluis.session_token=')) return null
    const found = await (await library()).api.getSession({ headers: new Headers({ cookie }) })
    if (!found) return null
    const { user, session } = found
    return {
      id: user.id as PersonId,
      name: user.name,
      email: user.email,
      hasTwoFactor: (user as { twoFactorEnabled?: boolean | null }).twoFactorEnabled === true,
      sessionId: session.id,
    }
  }

  /** Whose address a reset shows, if it succeeds: its link was mailed, and shown to nobody else. */
  const provenBy = async (request: Request): Promise<PersonId | null> => {
    const body = (await request.json().catch(() => null)) as { readonly token?: unknown } | null
    if (typeof body?.token !== 'string') return null
    const { internalAdapter } = await (await library()).$context
    const mailed = await internalAdapter.findVerificationValue(`${mailedReset}:${body.token}`)
    return mailed ? (mailed.value as PersonId) : null
  }

  const record = (person: string, action: AuditAction, facts: Readonly<Record<string, unknown>> = {}) =>
    audit.recordOfPerson(person as PersonId, action, facts)

  const signIn = async (request: Request): Promise<Response> => {
    const text = await request.text()
    const email = emailIn(text)
    const lockedUntil = await lockOut.begin(email)
    if (lockedUntil !== null) {
      return answer(
        429,
        {
          code: 'ACCOUNT_TEMPORARILY_LOCKED',
          message: 'Too many wrong passwords: this account is locked for a quarter of an hour.',
        },
        { 'Retry-After': String(Math.max(1, Math.ceil((lockedUntil - clock.now()) / 1000))) },
      )
    }
    const response = await (await library()).handler(new Request(request, { body: text }))
    if (response.status === 401) await audit.recordOfEmail(email, 'person.log_in_failed')
    else if (response.status === 200) await lockOut.clear(email)
    else await lockOut.undo(email)
    return response
  }

  /** Answers a call below `/api/auth`; `address` is where it came from. */
  const handle = async (incoming: Request, address: string): Promise<Response> => {
    const call = `${incoming.method} ${new URL(incoming.url).pathname.replace(/^\/api\/auth/, '')}`
    const isElsewhere = (singleSignOnCalls as readonly string[]).includes(call)
    if (!(openCalls as readonly string[]).includes(call) || (isElsewhere && atProvider === null)) {
      return answer(404, { code: 'NOT_FOUND', message: 'There is no such call.' })
    }
    const request = await checkedBody(call, new Request(incoming))
    if (request === null) {
      return answer(400, { code: 'INVALID_REQUEST', message: 'A name has 1 to 200 characters.' })
    }
    request.headers.set(addressHeader, address)
    if (isElsewhere && atProvider !== null) {
      const response = await atProvider(request)
      const person = await personOf(sessionCookieOf(response))
      if (person) await record(person.id, 'person.logged_in', { by: 'single-sign-on', address })
      return response
    }
    const cookie = request.headers.get('cookie') ?? undefined
    const act = actOf[call]
    const before = act ? await personOf(cookie) : null
    const facts = call.startsWith('POST /passkey/') ? await passkeyIn(request) : {}
    const proven = call === 'POST /reset-password' ? await provenBy(request.clone()) : null
    const response =
      call === 'POST /sign-in/email' ? await signIn(request) : await (await library()).handler(request)
    if (!/json/.test(response.headers.get('content-type') ?? '')) return response
    const text = await response.text()
    // Some refusals of the library have no body at all.
    const body = (
      text === '' ? { code: 'REFUSED', message: 'This is not allowed.' } : JSON.parse(text)
    ) as Body | null
    if (response.ok) {
      if (proven !== null) await unprovenAccess(parts).end(proven, 'mailed-link')
      if (before && act) await record(before.id, act, facts)
      const { user } = body ?? {}
      const isLoggedIn = sessionCookieOf(response) !== undefined
      if (isLoggedIn && user?.id && /sign-in|verify/.test(call)) {
        await record(user.id, 'person.logged_in', { by: call.replace('POST /', ''), address })
      }
    }
    return new Response(JSON.stringify(withoutTokens(body)), {
      status: response.status,
      headers: response.headers,
    })
  }

  return {
    handle,
    /** What people call the provider at which they log in; null without one. */
    singleSignOn: provider?.name ?? null,
    personOf,

    /** Logs in with a password that was set a moment ago; the answer carries the cookie. */
    signIn: (origin: string, email: string, password: string, address: string) =>
      handle(
        new Request(`${origin}/api/auth/sign-in/email`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ email, password }),
        }),
        address,
      ),

    /** The stored form of a password. */
    hashPassword: async (password: string) => (await (await library()).$context).password.hash(password),

    /**
     * A token for `POST /api/auth/reset-password`, good once and for a day. `isMailed`: nobody sees it but who reads the
     * person's mail, so that its use shows whose the address is.
     */
    async createResetToken(
      personId: PersonId,
      { isMailed = false }: { readonly isMailed?: boolean } = {},
    ): Promise<string> {
      const token = Buffer.from(random(32)).toString('base64url')
      const { internalAdapter } = await (await library()).$context
      for (const use of isMailed ? ['reset-password', mailedReset] : ['reset-password']) {
        await internalAdapter.createVerificationValue({
          identifier: `${use}:${token}`,
          value: personId,
          expiresAt: new Date(Date.now() + 86_400_000),
        })
      }
      return token
    },
  }
}

interface Body {
  readonly token?: unknown
  readonly user?: { readonly id?: string }
  readonly session?: Readonly<Record<string, unknown>>
}

/** The session's token belongs into the cookie, which no script can read, and nowhere else. */
function withoutTokens(body: Body | null): unknown {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return body
  const { token: _, session, ...rest } = body
  if (session === undefined || session === null) return session === null ? { ...rest, session } : rest
  const { token: _token, ...shown } = session
  return { ...rest, session: shown }
}

const answer = (status: number, body: object, headers: Record<string, string> = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } })

function emailIn(text: string): string {
  try {
    const { email } = JSON.parse(text) as { email?: unknown }
    return typeof email === 'string' ? email.slice(0, 320) : ''
  } catch {
    return ''
  }
}

/** The cookie of a session that this answer begins, as a browser sends it back. */
const sessionCookieOf = (response: Response): string | undefined =>
  response.headers
    .getSetCookie()
    .find((line) => /sluis\.session_token=[^;]/.test(line))
    ?.split(';')[0]

/** Which passkey a call is about: its name where it is made, its id where it is removed. */
async function passkeyIn(request: Request): Promise<Readonly<Record<string, string>>> {
  const body = (await request
    .clone()
    .json()
    .catch(() => null)) as Readonly<Record<string, unknown>> | null
  const texts = Object.entries({ passkey: body?.id, name: body?.name })
  return Object.fromEntries(
    texts.flatMap(([key, text]) => (typeof text === 'string' ? [[key, text.slice(0, 200)]] : [])),
  )
}

/** A person with a password, in the caller's transaction; the hash is the library's. */
export async function insertPerson(
  tx: pg.ClientBase,
  person: { readonly id: PersonId; readonly name: string; readonly email: string },
  passwordHash: string,
): Promise<void> {
  const { rowCount } = await tx.query(
    `INSERT INTO person (id, name, email, created_at, updated_at) VALUES ($1, $2, lower($3), now(), now())
     ON CONFLICT (email) DO NOTHING`,
    [person.id, person.name, person.email],
  )
  if (!rowCount) {
    throw new SluisError('INVALID_REQUEST', 'There is somebody with this e-mail address already.', {
      hint: 'Log in with it, or use another address.',
      details: { field: 'email' },
    })
  }
  await tx.query(
    `INSERT INTO person_login (id, person_id, account_id, provider_id, password, created_at, updated_at)
     VALUES ($1, $2, $2, 'credential', $3, now(), now())`,
    [randomUUID(), person.id, passwordHash],
  )
}
