import { type Clock, type GrantId, type OrganisationId, SluisError } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type pg from 'pg'
import { noSuchGrant } from './grant-failure.ts'

/** A grant that is lent, as its holder sees it. */
export interface LoanView {
  readonly organisation: OrganisationId
  readonly partitions: readonly string[]
  readonly lentAt: string
}

/** The same as whom it is lent to sees it: what a database can be put on, and nothing of whose it is or how it stands. */
export interface BorrowedGrant {
  readonly grant: GrantId
  readonly platform: string
  readonly partitions: readonly string[]
  readonly lentAt: string
}

/** A grant that an organisation's databases may read through. `partitions`: the only ones; null for its own grant. */
export interface ReachedGrant {
  readonly id: GrantId
  readonly holder: OrganisationId
  readonly platform: string
  readonly partitions: readonly string[] | null
}

interface LoanRow {
  readonly grant_id: GrantId
  readonly organisation_id: OrganisationId
  readonly partitions: string[]
  readonly created_at: number
}

/**
 * Grants that organisations lend to those below them, limited to named partitions. Whom a grant is lent to can put
 * databases on it; seeing, leasing, refreshing or deleting it stays the holder's.
 */
export class GrantLoans {
  readonly #store: Store
  readonly #clock: Clock

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Lends a grant, or changes what is lent of it. Stands in both trails; whom it is lent to is not told by whom. */
  async lend(
    holder: OrganisationId,
    id: GrantId,
    {
      organisation,
      partitions,
    }: { readonly organisation: OrganisationId; readonly partitions: readonly string[] },
    actor: string,
  ): Promise<LoanView> {
    const now = this.#clock.now()
    const wanted = [...new Set(partitions)].sort()
    if (wanted.length === 0) throw invalid('partitions', 'A loan names at least one partition.')
    return this.#store.transaction(async (tx) => {
      const { rows } = await tx.query<{ state: string; known: boolean }>(
        `SELECT state, platform_user_id IS NOT NULL AS known FROM token_grant
         WHERE id = $1 AND organisation_id = $2 AND deleted_at IS NULL FOR SHARE`,
        [id, holder],
      )
      const [row] = rows
      if (!row) throw noSuchGrant()
      if (!row.known) {
        throw invalid('grant', 'Whose grant this is, is not known yet.', 'Lend it when it is active.')
      }
      if (!(await isBelow(tx, organisation, holder))) {
        throw new SluisError('NOT_FOUND', 'There is no such organisation below this one.', {
          hint: 'GET /api/v1/organisations lists them.',
          details: { field: 'organisation' },
        })
      }
      await tx.query(
        `INSERT INTO grant_loan (grant_id, organisation_id, partitions, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (grant_id, organisation_id) DO UPDATE SET partitions = excluded.partitions`,
        [id, organisation, wanted, now],
      )
      await this.#note(tx, holder, actor, 'grant.lent', id, { organisation, partitions: wanted })
      await this.#note(tx, organisation, 'holder', 'grant.lent', id, { partitions: wanted })
      return { organisation, partitions: wanted, lentAt: new Date(now).toISOString() }
    })
  }

  /** To whom a grant is lent. */
  async of(holder: OrganisationId, id: GrantId): Promise<readonly LoanView[]> {
    const { rowCount } = await this.#store.pool.query(
      'SELECT FROM token_grant WHERE id = $1 AND organisation_id = $2 AND deleted_at IS NULL',
      [id, holder],
    )
    if (!rowCount) throw noSuchGrant()
    const { rows } = await this.#store.pool.query<LoanRow>(
      'SELECT * FROM grant_loan WHERE grant_id = $1 ORDER BY created_at, organisation_id LIMIT 1000',
      [id],
    )
    return rows.map(({ organisation_id, partitions, created_at }) => ({
      organisation: organisation_id,
      partitions,
      lentAt: new Date(created_at).toISOString(),
    }))
  }

  /** Databases on it stay and read nothing any more, from the next call on. */
  async end(holder: OrganisationId, id: GrantId, organisation: string, actor: string): Promise<void> {
    await this.#store.transaction(async (tx) => {
      const { rows } = await tx.query<{ organisation_id: OrganisationId }>(
        `DELETE FROM grant_loan l USING token_grant g
         WHERE g.id = l.grant_id AND g.id = $1 AND g.organisation_id = $2 AND l.organisation_id = $3
         RETURNING l.organisation_id`,
        [id, holder, organisation],
      )
      const [ended] = rows
      if (!ended) throw new SluisError('NOT_FOUND', 'This grant is not lent to such an organisation.')
      await this.#note(tx, holder, actor, 'grant.loan-ended', id, { organisation })
      await this.#note(tx, ended.organisation_id, 'holder', 'grant.loan-ended', id, {})
    })
  }

  /** What is lent to an organisation. */
  async borrowed(organisation: OrganisationId): Promise<readonly BorrowedGrant[]> {
    const { rows } = await this.#store.pool.query<LoanRow & { readonly platform: string }>(
      `SELECT l.*, g.platform FROM grant_loan l JOIN token_grant g ON g.id = l.grant_id AND g.deleted_at IS NULL
       WHERE l.organisation_id = $1 ORDER BY l.created_at, l.grant_id LIMIT 1000`,
      [organisation],
    )
    return rows.map(({ grant_id, platform, partitions, created_at }) => ({
      grant: grant_id,
      platform,
      partitions,
      lentAt: new Date(created_at).toISOString(),
    }))
  }

  /** A grant of the organisation's own or lent to it; for any other one `NOT_FOUND`, as if it were not there. */
  async reach(organisation: OrganisationId, id: GrantId): Promise<ReachedGrant> {
    const { rows } = await this.#store.pool.query<Omit<ReachedGrant, 'id'>>(
      `SELECT g.organisation_id AS holder, g.platform,
         CASE WHEN g.organisation_id = $1 THEN NULL ELSE l.partitions END AS partitions
       FROM token_grant g LEFT JOIN grant_loan l ON l.grant_id = g.id AND l.organisation_id = $1
       WHERE g.id = $2 AND g.deleted_at IS NULL AND (g.organisation_id = $1 OR l.grant_id IS NOT NULL)`,
      [organisation, id],
    )
    const [reached] = rows
    if (!reached) throw noSuchGrant()
    return { id, ...reached }
  }

  /** Of these grants those that are lent to the organisation, with the partitions that are. */
  async limitsOf(
    organisation: OrganisationId,
    grants: readonly GrantId[],
  ): Promise<ReadonlyMap<GrantId, readonly string[]>> {
    const { rows } = await this.#store.pool.query<LoanRow>(
      'SELECT grant_id, partitions FROM grant_loan WHERE organisation_id = $1 AND grant_id = ANY($2)',
      [organisation, grants],
    )
    return new Map(rows.map(({ grant_id, partitions }) => [grant_id, partitions]))
  }

  #note(
    tx: pg.ClientBase,
    organisation: OrganisationId,
    actor: string,
    action: string,
    subject: GrantId,
    facts: object,
  ): Promise<unknown> {
    return tx.query(
      'INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts) VALUES ($1, $2, $3, $4, $5, $6)',
      [organisation, this.#clock.now(), actor, action, subject, JSON.stringify(facts)],
    )
  }
}

async function isBelow(tx: pg.ClientBase, id: string, above: OrganisationId): Promise<boolean> {
  if (id === above) return false
  const { rowCount } = await tx.query(
    `WITH RECURSIVE above AS (
       SELECT id, parent_id, 0 AS depth FROM organisation WHERE id = $1
       UNION ALL SELECT o.id, o.parent_id, depth + 1 FROM organisation o JOIN above ON o.id = above.parent_id
         WHERE depth < 64)
     SELECT FROM above WHERE id = $2`,
    [id, above],
  )
  return rowCount === 1
}

const invalid = (field: string, message: string, hint?: string) =>
  new SluisError('INVALID_REQUEST', message, { details: { field }, ...(hint === undefined ? {} : { hint }) })
