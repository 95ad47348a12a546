import { createHash } from 'node:crypto'
import { isId, type OrganisationId, SluisError } from '@sluis/shared'
import type pg from 'pg'
import type { KeyRing } from '../key-ring.ts'
import type { ConsentSecrets } from './authorize-request.ts'
import { type PreauthenticationRow, sealContext } from './preauthentication-row.ts'

type Database = pg.ClientBase | pg.Pool

/** What a consent needs again at its end, sealed until then. */
export interface Sealed extends ConsentSecrets {
  readonly clientSecret: string
}

/** Under which the exchange of a consent's code is known by its id. */
export const exchangeRoute = 'preauthentication'

/** How secrets that a browser holds are kept. */
export const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest()

/** A consent of the organisation, or `NOT_FOUND`. */
export async function consentOf(
  db: Database,
  organisationId: OrganisationId,
  id: string,
): Promise<PreauthenticationRow> {
  const { rows } = isId('pre', id)
    ? await db.query<PreauthenticationRow>(
        'SELECT * FROM preauthentication WHERE id = $1 AND organisation_id = $2',
        [id, organisationId],
      )
    : { rows: [] }
  return rows[0] ?? gone()
}

export async function openSecrets(keys: KeyRing, row: PreauthenticationRow): Promise<Sealed> {
  if (row.sealed_secrets === null) unusable()
  const plain = await keys.unseal(row.sealed_secrets, sealContext(row, 'secrets'))
  return JSON.parse(plain.toString()) as Sealed
}

/** What happened to a consent, for the audit. */
export function noteConsent(
  db: Database,
  row: Pick<PreauthenticationRow, 'id' | 'organisation_id'>,
  now: number,
  actor: string,
  action: string,
  facts: object,
): Promise<unknown> {
  return db.query(
    'INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts) VALUES ($1, $2, $3, $4, $5, $6)',
    [row.organisation_id, now, actor, action, row.id, JSON.stringify(facts)],
  )
}

export function refusal(error: string, description: string | null): SluisError {
  const isNo = error === 'access_denied'
  const said = [error, description]
    .filter(Boolean)
    .join(': ')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .slice(0, 200)
  return new SluisError(
    'CONSENT_REFUSED',
    isNo ? 'The user gave no permission.' : `The platform gave no permission (${said}).`,
    {
      hint: isNo ? 'Begin again if that was not meant.' : 'Check the app and its scopes at the platform.',
      ...(isNo ? { details: { reason: 'cancelled' } } : {}),
    },
  )
}

export function gone(): never {
  throw new SluisError('NOT_FOUND', 'There is no such consent.', {
    hint: 'GET /api/v1/preauthentications lists them.',
  })
}

export function unusable(): never {
  throw new SluisError('CONSENT_REFUSED', 'This consent is over: ended already, cancelled, or too old.', {
    hint: 'Begin again: a consent has 30 minutes and is ended once.',
  })
}

export function otherBrowser(): never {
  throw new SluisError('CONSENT_REFUSED', 'This consent was begun in another browser.', {
    hint: 'Who begins a consent ends it: open the address and stay in that browser.',
    details: { reason: 'other-browser' },
  })
}
