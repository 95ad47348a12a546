import type { Clock, ContactId, GrantId, Log, OrganisationId } from '@sluis/shared'
import type { Store } from '@sluis/store'
import { type AlarmCause, alarmLetter, type Language } from './letter-texts.ts'
import type { Mailer } from './mailer.ts'

export interface AlarmsParts {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly mailer: Mailer | null
  /** Where people reach this server. */
  readonly address: () => string
}

interface AlarmRow {
  readonly id: number
  readonly grant_id: GrantId
  readonly organisation_id: OrganisationId
  readonly cause: AlarmCause
  readonly attempts: number
  readonly grant: string
  readonly platform: string
  /** Whether what it says is still so. */
  readonly holds: boolean
}

interface Receiver {
  readonly id: ContactId
  readonly email: string
  readonly language: Language
  readonly organisation: string
}

const tickMs = 1000
/** For so long the process that sends has a claim; one that dies leaves alarms that become due again. */
const claimMs = 120_000
const keptMs = 30 * 86_400_000
/** Without anybody to write to, it is looked again so much later. */
const nobodyMs = 600_000
const pauseAfter = (attempts: number) => Math.min(3_600_000, 15_000 * 2 ** Math.min(attempts, 10))
const perLetter = 200

/**
 * Writes to an organisation's contacts about grants that need attention. Alarms are rows that a trigger writes with the
 * event itself, one per grant and cause a day; which letter was taken by the mail server is kept per contact. So a
 * restart loses none, and repeats one only if it fell between the mail server's yes and the row that says so; then
 * the letter has the same Message-ID as before.
 */
export class Alarms {
  readonly #parts: AlarmsParts
  readonly #stop = new AbortController()
  #running: Promise<void> | null = null

  constructor(parts: AlarmsParts) {
    this.#parts = parts
  }

  run(): void {
    this.#running ??= this.#loop()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #loop(): Promise<void> {
    const { clock, log, mailer } = this.#parts
    while (!this.#stop.signal.aborted) {
      try {
        if (mailer !== null) await this.sendDue()
        await this.#prune()
      } catch (error) {
        log.warn({ error: (error as Error).message.slice(0, 200) }, 'alarms could not be sent; trying again')
      }
      await clock.sleep(mailer === null ? 3_600_000 : tickMs, this.#stop.signal).catch(() => {})
    }
  }

  /** Sends what is due: one letter per organisation and contact. */
  async sendDue(): Promise<void> {
    for (;;) {
      const claimed = await this.#claim()
      const [first] = claimed
      if (!first) return
      const holding = claimed.filter(({ holds }) => holds)
      await this.#settle(claimed.filter(({ holds }) => !holds))
      if (holding.length > 0) await this.#tell(first.organisation_id, holding)
    }
  }

  /** All that is due of one organisation, for this process alone. */
  async #claim(): Promise<readonly AlarmRow[]> {
    const { store, clock } = this.#parts
    const { rows } = await store.pool.query<AlarmRow>(
      `WITH first AS (
         SELECT organisation_id FROM alarm WHERE settled_at IS NULL AND due_at <= $1 ORDER BY due_at, id LIMIT 1),
       due AS (
         SELECT a.id FROM alarm a JOIN first f ON f.organisation_id = a.organisation_id
         WHERE a.settled_at IS NULL AND a.due_at <= $1 ORDER BY a.id LIMIT $3 FOR UPDATE OF a SKIP LOCKED),
       claimed AS (
         UPDATE alarm a SET due_at = $2, attempts = a.attempts + 1 FROM due WHERE a.id = due.id RETURNING a.*)
       SELECT c.*, coalesce(g.label, g.external_id, c.grant_id) AS grant, coalesce(g.platform, '') AS platform,
         coalesce(g.deleted_at IS NULL AND CASE c.cause
           WHEN 'ambiguous' THEN g.state = 'ambiguous'
           WHEN 'needs_consent' THEN g.state = 'needs_consent'
           ELSE g.state <> 'revoked' AND g.received_at < c.at END, false) AS holds
       FROM claimed c LEFT JOIN token_grant g ON g.id = c.grant_id ORDER BY c.id`,
      [clock.now(), clock.now() + claimMs, perLetter],
    )
    return rows
  }

  async #tell(organisationId: OrganisationId, alarms: readonly AlarmRow[]): Promise<void> {
    const { store, clock, log, mailer, address } = this.#parts
    const receivers = await this.#receivers(organisationId)
    if (receivers.length === 0 || mailer === null) return this.#postpone(alarms, nobodyMs)
    for (const receiver of receivers) {
      const { rows } = await store.pool.query<{ id: number }>(
        'SELECT id FROM unnest($1::bigint[]) id WHERE NOT EXISTS (SELECT FROM alarm_letter WHERE alarm_id = id AND contact_id = $2)',
        [alarms.map(({ id }) => id), receiver.id],
      )
      const untold = new Set(rows.map(({ id }) => Number(id)))
      const wanted = alarms.filter(({ id }) => untold.has(Number(id)))
      if (wanted.length === 0) continue
      const letter = alarmLetter(
        receiver.email,
        receiver.language,
        receiver.organisation,
        wanted.map(({ cause, grant, platform, grant_id: id }) => ({
          cause,
          grant,
          platform,
          link: `${address()}/app/grants/${id}?organisation=${organisationId}`,
        })),
      )
      try {
        await mailer.send({
          ...letter,
          id: `alarm.${wanted
            .map(({ id }) => id)
            .join('.')
            .slice(0, 120)}.${receiver.id}`,
        })
      } catch (error) {
        log.warn({ code: (error as { code?: string }).code ?? 'unknown' }, 'a letter was not sent')
        return this.#postpone(alarms, pauseAfter(alarms[0]?.attempts ?? 0))
      }
      await store.pool.query(
        'INSERT INTO alarm_letter (alarm_id, contact_id, sent_at) SELECT id, $2, $3 FROM unnest($1::bigint[]) id ON CONFLICT DO NOTHING',
        [[...untold], receiver.id, clock.now()],
      )
    }
    await this.#settle(alarms)
  }

  /** The contacts of the organisation; where it has none, of the nearest above that has. */
  async #receivers(organisationId: OrganisationId): Promise<readonly Receiver[]> {
    const { rows } = await this.#parts.store.pool.query<Receiver>(
      `WITH RECURSIVE above (id, parent_id, depth) AS (
         SELECT id, parent_id, 0 FROM organisation WHERE id = $1
         UNION ALL SELECT o.id, o.parent_id, depth + 1 FROM organisation o JOIN above ON o.id = above.parent_id
         WHERE depth < 64),
       near AS (
         SELECT above.id FROM above WHERE EXISTS (SELECT FROM contact c WHERE c.organisation_id = above.id)
         ORDER BY depth LIMIT 1)
       SELECT c.id, c.email, c.language, (SELECT name FROM organisation WHERE id = $1) AS organisation
       FROM contact c JOIN near ON near.id = c.organisation_id ORDER BY c.id`,
      [organisationId],
    )
    return rows
  }

  async #postpone(alarms: readonly AlarmRow[], ms: number): Promise<void> {
    const { store, clock } = this.#parts
    await store.pool.query('UPDATE alarm SET due_at = $2 WHERE id = ANY ($1)', [
      alarms.map(({ id }) => id),
      clock.now() + ms,
    ])
  }

  async #settle(alarms: readonly AlarmRow[]): Promise<void> {
    if (alarms.length === 0) return
    await this.#parts.store.pool.query('UPDATE alarm SET settled_at = $2 WHERE id = ANY ($1)', [
      alarms.map(({ id }) => id),
      this.#parts.clock.now(),
    ])
  }

  async #prune(): Promise<void> {
    await this.#parts.store.pool.query('DELETE FROM alarm WHERE at < $1', [this.#parts.clock.now() - keptMs])
  }
}
