import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach } from 'node:test'
import { type ExactOnlineEmulator, startExactOnlineEmulator } from '@sluis/emulator-exact-online'
import {
  type ErrorCode,
  isSluisError,
  type Log,
  ManualClock,
  newId,
  type OrganisationId,
  PlainSecret,
  type SendRequest,
  silentLog,
  systemRandom,
} from '@sluis/shared'
import type { Store } from '@sluis/store'
import { openTestStore } from '@sluis/store/testing'
import {
  createVault,
  type Handover,
  type KeyEncryptionKey,
  loadOrCreateKek,
  type OAuthPlatform,
  type Vault,
} from '../index.ts'
import type { VaultHooks } from '../vault-service.ts'
import { fetchSend } from './fetch-send.ts'
import { labPlatform } from './lab-platform.ts'

export const labApp = {
  clientId: 'app-1',
  clientSecret: 'canary-secret-41',
  redirectUri: 'https://partner.example/cb',
}

type LabStore = Awaited<ReturnType<typeof openTestStore>>

/**
 * The vault on real PostgreSQL beside the emulator, whose time stands still until a test moves it: hooks for one test
 * file, and what its tests do as the partner, the issuer's operator and the clock.
 */
export class VaultLab {
  readonly organisationId = newId('org', 1) as OrganisationId
  /** Begins at noon: a test must not depend on whether it runs in somebody's quiet hours. */
  readonly clock = new ManualClock(Math.floor(Date.now() / 86_400_000) * 86_400_000 + 12 * 3_600_000)
  #emulator: ExactOnlineEmulator | undefined
  #store: LabStore | undefined
  #folder = ''
  #vaults: Vault[] = []

  /** Registers the hooks; call it once, at the top of a test file. */
  static forThisFile(): VaultLab {
    const lab = new VaultLab()
    let keeper: LabStore | undefined
    before(async () => {
      lab.#emulator = await startExactOnlineEmulator({ now: () => lab.clock.now() })
      // Holds the test server open, so that it is not started anew for every test.
      keeper = await openTestStore()
    })
    after(async () => {
      await lab.#emulator?.close()
      await keeper?.close()
    })
    beforeEach(async () => {
      lab.#store = await openTestStore()
      lab.#folder = mkdtempSync(join(tmpdir(), 'sluis-vault-'))
      await lab.control('reset', {})
      const { redirectUri, ...app } = labApp
      await lab.control('apps', { ...app, redirectUris: [redirectUri] })
    })
    afterEach(async () => {
      await lab.stopAll()
      await lab.#store?.close()
      rmSync(lab.#folder, { recursive: true, force: true })
    })
    return lab
  }

  get store(): LabStore {
    if (!this.#store) throw new TypeError('no test is running')
    return this.#store
  }

  get url(): string {
    return this.#emulator?.url ?? ''
  }

  get folder(): string {
    return this.#folder
  }

  get spoolFolder(): string {
    return join(this.#folder, 'spool')
  }

  async open(
    options: {
      send?: SendRequest
      tokenTimeoutMs?: number
      hooks?: VaultHooks
      platform?: OAuthPlatform
      spoolFolder?: string
      log?: Log
      unsafePrivateWebhooks?: boolean
      kek?: KeyEncryptionKey
      /** The lab's own, with something in its way. */
      store?: Store
    } = {},
  ): Promise<Vault> {
    const { platform = labPlatform(this.url), send = fetchSend, log = silentLog, ...rest } = options
    const vault = await createVault({
      store: this.store,
      platforms: new Map([[platform.id, platform]]),
      send,
      clock: this.clock,
      random: systemRandom,
      log,
      kek: loadOrCreateKek(join(this.#folder, 'kek'), systemRandom),
      spoolFolder: this.spoolFolder,
      tokenTimeoutMs: 20_000,
      ...rest,
    })
    this.#vaults.push(vault)
    return vault
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.#vaults.splice(0).map((vault) => vault.stop()))
  }

  async control(path: string, body?: object): Promise<Record<string, unknown>> {
    const init = body ? { method: 'POST', body: JSON.stringify(body) } : {}
    const response = await fetch(`${this.url}/_control/${path}`, init)
    return (await response.json()) as Record<string, unknown>
  }

  fault(fault: {
    at: 'token' | 'api'
    kind: string
    times: number
    [name: string]: unknown
  }): Promise<unknown> {
    return this.control('faults', fault)
  }

  async code(user = 'anna@example.com'): Promise<string> {
    const { clientId, redirectUri } = labApp
    return String((await this.control('consents', { clientId, user, redirectUri })).code)
  }

  /** Plays the partner: tokens as the partner's own web application would hold them. */
  async tokens(user?: string): Promise<{ accessToken: string; refreshToken: string }> {
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      code: await this.code(user),
      redirect_uri: labApp.redirectUri,
      client_id: labApp.clientId,
      client_secret: labApp.clientSecret,
    })
    const answer = (await (
      await fetch(`${this.url}/api/oauth2/token`, { method: 'POST', body })
    ).json()) as Record<string, string>
    return { accessToken: answer.access_token ?? '', refreshToken: answer.refresh_token ?? '' }
  }

  handover(
    credentials: Handover['credentials'],
    change: Partial<Handover> & { clientSecret?: string } = {},
  ): Handover {
    const { clientSecret = labApp.clientSecret, ...rest } = change
    return {
      organisationId: this.organisationId,
      platform: 'exact-online',
      region: 'lab',
      client: {
        clientId: labApp.clientId,
        clientSecret: new PlainSecret(clientSecret),
        redirectUri: labApp.redirectUri,
      },
      credentials,
      ...rest,
    }
  }

  /** A grant that was handed over with both tokens. */
  async deposit(vault: Vault, user?: string) {
    const { grant } = await vault.handOver(this.handover(both(await this.tokens(user))))
    return grant.id
  }

  /** Keeps everybody from writing to a grant's row until released. */
  async hold(id: string): Promise<() => Promise<void>> {
    const connection = await this.store.connect()
    await connection.query('BEGIN')
    await connection.query('SELECT FROM token_grant WHERE id = $1 FOR UPDATE', [id])
    return async () => {
      await connection.query('ROLLBACK')
      await connection.end()
    }
  }

  /** Whether a statement waits for a lock. */
  async isBlocked(): Promise<boolean> {
    const { rows } = await this.store.pool.query(
      `SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
    return rows[0]?.n > 0
  }

  /** What became of every refresh at the issuer, in order. */
  async spends(): Promise<string[]> {
    const { entries } = (await this.control('ledger')) as {
      entries: { kind: string; outcome: string; grantType?: string }[]
    }
    return entries
      .filter(({ kind, grantType }) => kind === 'token' && grantType === 'refresh_token')
      .map(({ outcome }) => outcome)
  }

  async tokenCalls(): Promise<number> {
    return ((await this.control('ledger')) as { totals: { token: number } }).totals.token
  }

  async row(id: string): Promise<Record<string, unknown>> {
    const { rows } = await this.store.pool.query('SELECT * FROM token_grant WHERE id = $1', [id])
    return rows[0] ?? {}
  }
}

export function both(pair: { accessToken: string; refreshToken: string }): Handover['credentials'] {
  return {
    kind: 'tokens',
    accessToken: new PlainSecret(pair.accessToken),
    refreshToken: new PlainSecret(pair.refreshToken),
  }
}

export function onlyRefresh(refreshToken: string): Handover['credentials'] {
  return { kind: 'tokens', refreshToken: new PlainSecret(refreshToken) }
}

/** For `assert.rejects`: an error of ours with this code. */
export function failsWith(code: ErrorCode, details?: (found: Readonly<Record<string, unknown>>) => void) {
  return (error: unknown): true => {
    assert.ok(isSluisError(error, code), `${code} expected, got ${error}`)
    details?.(error.details)
    return true
  }
}

/** Settles when the condition holds; looks every few milliseconds, and fails after thirty seconds, also when one look never ends. */
export async function until(condition: () => Promise<boolean> | boolean, atMostMs = 30_000): Promise<void> {
  const watch = AbortSignal.timeout(atMostMs)
  const over = new Promise<never>((_, reject) => {
    watch.addEventListener('abort', () =>
      reject(new assert.AssertionError({ message: `what was waited for did not come: ${condition}` })),
    )
  })
  const look = async () => {
    while (!watch.aborted && !(await condition())) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await Promise.race([look(), over])
}
