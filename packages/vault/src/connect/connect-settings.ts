import { type Clock, type OrganisationId, SluisError } from '@sluis/shared'
import type { Store } from '@sluis/store'
import { type BrandLogo, readBrandLogo } from './brand-logo.ts'
import { checkReturnAddress } from './return-address.ts'

/** How an organisation's connect pages look, and where they may send customers. */
export interface ConnectSettingsView {
  /** Null: as the organisation is called. */
  readonly name: string | null
  readonly colour: string | null
  /** As a data address, so that a page shows it without asking anybody. */
  readonly logo: string | null
  readonly texts: BrandTexts
  /** The host that links lead to; null: this server's. */
  readonly origin: string | null
  readonly returnAddresses: readonly string[]
  /** True: they are those of an organisation above, which hold until this one has its own. */
  readonly isInherited: boolean
  readonly changedAt: string | null
}

export interface BrandTexts {
  readonly en: string | null
  readonly nl: string | null
}

export interface ConnectSettingsChange {
  readonly name?: string | null
  readonly colour?: string | null
  readonly logo?: Buffer | null
  readonly texts?: Partial<BrandTexts>
  readonly origin?: string | null
  readonly returnAddresses?: readonly string[]
}

/** What a customer sees of who asks. */
export interface Brand {
  readonly name: string
  /** Whose page it is, whatever it calls itself. */
  readonly organisation: string
  readonly colour: string
  readonly logo: string | null
  readonly texts: BrandTexts
}

interface SettingsRow {
  readonly organisation_id: OrganisationId
  readonly name: string | null
  readonly colour: string | null
  readonly logo: Buffer | null
  readonly logo_type: string | null
  readonly text_en: string | null
  readonly text_nl: string | null
  readonly origin: string | null
  readonly return_addresses: string[]
  readonly changed_at: number
}

const mostAddresses = 100
const ownColour = '#0b7285'
const nearest = `WITH RECURSIVE above (id, parent_id, depth) AS (
    SELECT $1::text, (SELECT parent_id FROM organisation WHERE id = $1), 0
    UNION ALL SELECT o.id, o.parent_id, above.depth + 1 FROM organisation o JOIN above ON o.id = above.parent_id
      WHERE above.depth < 64)
  SELECT s.* FROM connect_settings s JOIN above ON above.id = s.organisation_id ORDER BY depth LIMIT 1`

/** A partner's own look of the connect pages, which also holds in the organisations below that have none. */
export class ConnectSettings {
  readonly #store: Store
  readonly #clock: Clock

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  async get(organisationId: OrganisationId): Promise<ConnectSettingsView> {
    return toView(organisationId, await this.#nearest(organisationId))
  }

  async #nearest(organisationId: OrganisationId): Promise<SettingsRow | null> {
    const { rows } = await this.#store.pool.query<SettingsRow>(nearest, [organisationId])
    return rows[0] ?? null
  }

  /** What a customer of this organisation sees. */
  async brandOf(organisationId: OrganisationId): Promise<Brand> {
    const [row, { rows }] = await Promise.all([
      this.#nearest(organisationId),
      this.#store.pool.query<{ name: string }>('SELECT name FROM organisation WHERE id = $1', [
        organisationId,
      ]),
    ])
    const organisation = rows[0]?.name ?? ''
    const view = toView(organisationId, row)
    const colour = view.colour ?? ownColour
    const { name, logo, texts } = view
    return { name: name ?? organisation, organisation, colour, logo, texts }
  }

  /** Changes what is given, of the organisation's own; the first change gives it settings of its own. */
  async change(
    organisationId: OrganisationId,
    change: ConnectSettingsChange,
    actor: string,
  ): Promise<ConnectSettingsView> {
    const logo = change.logo ? readBrandLogo(change.logo) : (change.logo as null | undefined)
    const addresses = change.returnAddresses && [...new Set(change.returnAddresses.map(checkReturnAddress))]
    if (addresses && addresses.length > mostAddresses) {
      throw new SluisError('INVALID_REQUEST', `There are more than ${mostAddresses} return addresses.`, {
        hint: 'Send customers to one address and tell them apart by state.',
        details: { field: 'returnAddresses' },
      })
    }
    const origin = change.origin ? checkOrigin(change.origin) : change.origin
    const row = await this.#store.transaction(async (tx) => {
      const now = this.#clock.now()
      await tx.query(
        'INSERT INTO connect_settings (organisation_id, changed_at) VALUES ($1, $2) ON CONFLICT DO NOTHING',
        [organisationId, now],
      )
      const { rows } = await tx.query<SettingsRow>(
        'SELECT * FROM connect_settings WHERE organisation_id = $1 FOR UPDATE',
        [organisationId],
      )
      const [before] = rows
      if (!before) throw new TypeError('settings that were just made are gone')
      const next = changed(before, { ...change, origin, addresses, logo }, now)
      await tx.query(
        `UPDATE connect_settings SET name = $2, colour = $3, logo = $4, logo_type = $5, text_en = $6, text_nl = $7,
           origin = $8, return_addresses = $9, changed_at = $10 WHERE organisation_id = $1`,
        [
          organisationId,
          next.name,
          next.colour,
          next.logo,
          next.logo_type,
          next.text_en,
          next.text_nl,
          next.origin,
          next.return_addresses,
          now,
        ],
      )
      await tx.query(
        `INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts)
         VALUES ($1, $2, $3, 'connect-settings.changed', $1, $4)`,
        [organisationId, now, actor, JSON.stringify({ changed: Object.keys(change) })],
      )
      return next
    })
    return toView(organisationId, row)
  }
}

function changed(
  before: SettingsRow,
  change: Omit<ConnectSettingsChange, 'logo' | 'origin'> & {
    readonly logo: BrandLogo | null | undefined
    readonly origin: string | null | undefined
    readonly addresses: string[] | undefined
  },
  now: number,
): SettingsRow {
  const { name, colour, logo, texts = {}, origin, addresses } = change
  const or = <T>(given: T | undefined, kept: T) => (given === undefined ? kept : given)
  return {
    organisation_id: before.organisation_id,
    name: or(name, before.name),
    colour: or(colour, before.colour),
    logo: logo === undefined ? before.logo : (logo?.bytes ?? null),
    logo_type: logo === undefined ? before.logo_type : (logo?.type ?? null),
    text_en: or(texts.en, before.text_en),
    text_nl: or(texts.nl, before.text_nl),
    origin: or(origin, before.origin),
    return_addresses: addresses ?? before.return_addresses,
    changed_at: now,
  }
}

function toView(organisationId: OrganisationId, row: SettingsRow | null): ConnectSettingsView {
  return {
    name: row?.name ?? null,
    colour: row?.colour ?? null,
    logo: row?.logo ? `data:${row.logo_type};base64,${row.logo.toString('base64')}` : null,
    texts: { en: row?.text_en ?? null, nl: row?.text_nl ?? null },
    origin: row?.origin ?? null,
    returnAddresses: row?.return_addresses ?? [],
    isInherited: row !== null && row.organisation_id !== organisationId,
    changedAt: row === null ? null : new Date(row.changed_at).toISOString(),
  }
}

/** The host name of a partner's own: as registered addresses, without a path. */
function checkOrigin(text: string): string {
  const url = URL.parse(text)
  const isSafe =
    url?.protocol === 'https:' ||
    (url?.protocol === 'http:' && /^(localhost|127\.0\.0\.1|\[::1\])$/.test(url.hostname))
  if (url && isSafe && url.origin === text) return text
  throw new SluisError('INVALID_REQUEST', 'The origin is not a host that connect pages can be at.', {
    hint: 'Give it as https://connect.partner.example, without a path; plain http is for loopback addresses only.',
    details: { field: 'origin' },
  })
}
