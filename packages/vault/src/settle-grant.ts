import { type GrantId, SluisError } from '@sluis/shared'
import type pg from 'pg'
import type { GrantRow, GrantSeals, HeldTokens } from './grant-row.ts'
import { nextState } from './grant-state.ts'
import { grantChannel, grantColumnsSql, noSpend } from './grant-store.ts'
import { nextDue } from './issuer-times.ts'
import type { IssuerPolicy, PlatformUser } from './oauth-platform.ts'
import { outlivedSendOf } from './outlived-send.ts'
import type { PgGrantStore } from './pg-grant-store.ts'
import { adoptUseSql } from './token-budget.ts'

export interface SettleParts {
  readonly store: PgGrantStore
  readonly seals: GrantSeals
  onMerged(tx: pg.ClientBase, from: GrantId, to: GrantId): Promise<void>
}

/** What became of a pending row. `rows` are to be spooled: what lives on, and what was merged into it. */
export interface Settled {
  readonly outcome: 'created' | 'superseded'
  readonly row: GrantRow
  readonly rows: readonly GrantRow[]
}

/**
 * Makes a pending row the grant of its user, or gives its credentials to the grant that this user has on this client
 * already, also where the row was to renew another's: that user's consent has ended the chain that is there. Null when
 * the row has moved on since it was read.
 */
export async function settleGrant(
  parts: SettleParts,
  tx: pg.PoolClient,
  pending: GrantRow,
  user: PlatformUser,
  policy: IssuerPolicy,
  now: number,
): Promise<Settled | null> {
  await tx.query(adoptUseSql, [pending.platform, pending.region, pending.client_id, pending.id, user.id])
  const { rows: own } = await tx.query<GrantRow>(
    `SELECT ${grantColumnsSql} FROM token_grant WHERE id = $1 FOR UPDATE`,
    [pending.id],
  )
  const [row] = own
  const hasMoved =
    !row || row.deleted_at !== null || row.generation !== pending.generation || row.spend_id !== null
  if (hasMoved || row.platform_user_id !== null) return null
  const { rows: others } = await tx.query<GrantRow>(
    `SELECT ${grantColumnsSql} FROM token_grant WHERE organisation_id = $1 AND platform = $2 AND region = $3 AND client_id = $4
       AND platform_user_id = $5 AND deleted_at IS NULL FOR UPDATE`,
    [row.organisation_id, row.platform, row.region, row.client_id, user.id],
  )
  const [existing] = others
  if (row.renews !== null && existing === undefined) throw otherPerson()
  const verified = { platform_user: user, proven_access: true, failures: 0, problem: null }
  if (!existing) {
    const settled: GrantRow = {
      ...row,
      ...verified,
      platform_user_id: user.id,
      state: nextState(row.state, 'verified'),
    }
    const next = { ...settled, due_at: nextDue(policy, settled) }
    await parts.store.replace(tx, next)
    await note(tx, next, 'grant.created', now, {})
    await warnRivals(tx, next, policy, now)
    return { outcome: 'created', row: next, rows: [next] }
  }
  const isDead = existing.state === 'needs_consent'
  if (!row.proven_refresh && !isDead && row.received_at < existing.received_at) {
    throw new SluisError(
      'HANDOVER_OLDER_THAN_HELD',
      'These tokens are older than the ones that the vault holds for this user.',
      { hint: `Nothing was changed. Use grant ${existing.id}.`, details: { grant: existing.id } },
    )
  }
  // An access token alone is no reason to give up a chain that can go on.
  const keepsChain = !row.has_refresh && existing.has_refresh && !isDead
  const next = keepsChain
    ? {
        ...existing,
        label: row.label ?? existing.label,
        external_id: row.external_id ?? existing.external_id,
      }
    : await supersede(parts.seals, row, existing, { ...verified, isDead }, policy)
  const merged: GrantRow = { ...row, ...noSpend, sealed_tokens: null, due_at: null, deleted_at: now }
  await parts.onMerged(tx, row.id, existing.id)
  // The pending row goes first: two living rows may not have one externalId.
  await parts.store.replace(tx, merged)
  await parts.store.replace(tx, next)
  await tx.query(
    'UPDATE token_fingerprint SET grant_id = $2, chain = $3, generation = $4 WHERE grant_id = $1 AND generation = $5',
    [row.id, existing.id, next.chain, next.generation, row.generation],
  )
  await tx.query('UPDATE token_fingerprint SET grant_id = $2 WHERE grant_id = $1', [row.id, existing.id])
  await note(tx, row, 'grant.merged', now, { into: existing.id })
  if (!keepsChain) {
    await note(tx, next, 'grant.superseded', now, { chain: next.chain, generation: next.generation })
    await warnRivals(tx, next, policy, now)
  }
  await tx.query('SELECT pg_notify($1, $2)', [grantChannel, existing.id])
  return { outcome: 'superseded', row: next, rows: [merged, next] }
}

/** The existing grant with the new credentials: a new chain, a generation that was never used, the same id. */
export async function supersede(
  seals: GrantSeals,
  row: GrantRow,
  existing: GrantRow,
  {
    isDead,
    ...verified
  }: Pick<GrantRow, 'platform_user' | 'proven_access' | 'failures' | 'problem'> & {
    readonly isDead: boolean
  },
  policy: IssuerPolicy,
): Promise<GrantRow> {
  const place = {
    ...existing,
    chain: existing.chain + 1,
    generation: Math.max(existing.generation, row.generation) + 1,
  }
  const held: HeldTokens = await seals.openTokens(row)
  const replaced = await seals.openTokens(existing)
  const alternates = await seals.openAlternates(existing)
  // Verified by its access token alone, the new pair may be the stale one: the old chain is kept beside it.
  // If its token is being spent right now, that is kept too: it must not be sent a second time as if it were fresh.
  const send = outlivedSendOf(existing)
  const kept =
    row.proven_refresh || isDead || replaced.refreshToken === undefined
      ? []
      : [{ tokens: replaced, receivedAt: existing.received_at, ...(send && { send }) }, ...alternates]
  const moved: GrantRow = {
    ...place,
    ...noSpend,
    ...verified,
    state: nextState(existing.state, 'superseded'),
    redirect_uri: row.redirect_uri,
    sealed_secret: await seals.sealSecret(await seals.openSecret(row), place),
    sealed_tokens: await seals.sealTokens(held, place),
    sealed_alternates: await seals.sealAlternates(kept, place),
    label: row.label ?? existing.label,
    external_id: row.external_id ?? existing.external_id,
    has_access: row.has_access,
    has_refresh: row.has_refresh,
    received_at: row.received_at,
    access_expires_at: row.access_expires_at,
    refresh_idle_expires_at: row.refresh_idle_expires_at,
    refresh_absolute_expires_at: row.refresh_absolute_expires_at,
    proven_refresh: row.proven_refresh,
    proven_client: row.proven_client,
    not_before: null,
    last_refreshed_at: row.last_refreshed_at ?? existing.last_refreshed_at,
  }
  return { ...moved, due_at: nextDue(policy, moved), warn_at: row.warn_at }
}

/**
 * Where tokens rotate, a consent ends the chain that the same user's earlier consent to the same client began. Other
 * organisations that hold such a chain hear of it at once, and not whose consent it was.
 */
export async function warnRivals(
  tx: pg.ClientBase,
  row: GrantRow,
  policy: IssuerPolicy,
  now: number,
): Promise<void> {
  if (policy.rotation === 'none') return
  await tx.query(
    `INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts)
     SELECT organisation_id, $6, 'vault', 'grant.rival', id, '{}' FROM token_grant
     WHERE platform = $2 AND region = $3 AND client_id = $4 AND platform_user_id = $5 AND deleted_at IS NULL
       AND organisation_id <> $1`,
    [row.organisation_id, row.platform, row.region, row.client_id, row.platform_user_id, now],
  )
}

/** A consent that was to renew a grant, and is somebody else's. */
export const otherPerson = () =>
  new SluisError('CONSENT_REFUSED', 'This is the consent of another person than the grant’s.', {
    hint: 'The grant is as it was. Log in at the platform as the person who gave the first consent.',
    details: { reason: 'other-person' },
  })

function note(
  tx: pg.ClientBase,
  row: Pick<GrantRow, 'id' | 'organisation_id'>,
  action: string,
  at: number,
  facts: object,
): Promise<unknown> {
  return tx.query(
    `INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts) VALUES ($1, $2, 'vault', $3, $4, $5)`,
    [row.organisation_id, at, action, row.id, JSON.stringify(facts)],
  )
}
