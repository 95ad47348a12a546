import { createHash } from 'node:crypto'
import {
  type ConnectLinkId,
  isId,
  type OrganisationId,
  type PreauthenticationId,
  SluisError,
} from '@sluis/shared'
import type pg from 'pg'
import { type ConnectLinkRow, linkSql } from './connect-link-row.ts'

type Database = pg.ClientBase | pg.Pool

/** How secrets that a browser holds are kept. */
export const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest()

/** A link of the organisation, or `NOT_FOUND`. */
export async function linkOf(
  db: Database,
  organisationId: OrganisationId,
  id: string,
): Promise<ConnectLinkRow> {
  const { rows } = isId('cnl', id)
    ? await db.query<ConnectLinkRow>(`${linkSql} WHERE l.id = $1 AND l.organisation_id = $2`, [
        id,
        organisationId,
      ])
    : { rows: [] }
  return rows[0] ?? noSuchLink('GET /api/v1/connect-links lists them.')
}

/** The link that a customer opened, or `NOT_FOUND`. */
export async function linkBySecret(db: Database, secret: string): Promise<ConnectLinkRow> {
  const { rows } = await db.query<ConnectLinkRow>(`${linkSql} WHERE l.secret_hash = $1`, [hashOf(secret)])
  return rows[0] ?? noSuchLink('Open the whole link, or ask for a new one.')
}

/** Locks a link and takes its open consent away. Null when a consent has come back already: the link is used. */
export async function closeLink(tx: pg.ClientBase, id: ConnectLinkId): Promise<'closed' | null> {
  const { rows } = await tx.query<{ before: PreauthenticationId | null }>(
    'SELECT preauthentication_id AS before FROM connect_link WHERE id = $1 FOR UPDATE',
    [id],
  )
  const before = rows[0]?.before ?? null
  if (before === null) return 'closed'
  await tx.query(
    `UPDATE preauthentication SET state = 'expired', sealed_secrets = NULL WHERE id = $1 AND state = 'waiting'`,
    [before],
  )
  const { rows: left } = await tx.query<{ state: string }>(
    'SELECT state FROM preauthentication WHERE id = $1',
    [before],
  )
  return left[0]?.state === 'expired' ? 'closed' : null
}

/** What happened to a link, for the audit. */
export function noteLink(
  tx: pg.ClientBase,
  row: Pick<ConnectLinkRow, 'id' | 'organisation_id'>,
  now: number,
  actor: string,
  action: string,
  facts: object,
): Promise<unknown> {
  return tx.query(
    'INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts) VALUES ($1, $2, $3, $4, $5, $6)',
    [row.organisation_id, now, actor, action, row.id, JSON.stringify(facts)],
  )
}

function noSuchLink(hint: string): never {
  throw new SluisError('NOT_FOUND', 'There is no such link.', { hint })
}
