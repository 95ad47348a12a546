import type { GrantId, OrganisationId } from '@sluis/shared'
import type { Store } from '@sluis/store'
import { Gather } from './gather.ts'

interface Entry {
  readonly organisationId: OrganisationId
  readonly at: number
  readonly actor: string
  readonly grantId: GrantId
  readonly generation: number
}

/** Writes one audit event for every lease before it is answered; leases that come together share one statement. */
export class LeaseAudit {
  readonly #entries: Gather<Entry, void>

  constructor(store: Store) {
    this.#entries = new Gather(
      async (entries) => {
        await store.pool.query(
          `INSERT INTO audit_event (organisation_id, at, actor, action, subject, facts)
           SELECT o, t, a, 'token.leased', s, jsonb_build_object('generation', g)
           FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::integer[]) AS x (o, t, a, s, g)`,
          [
            entries.map(({ organisationId }) => organisationId),
            entries.map(({ at }) => at),
            entries.map(({ actor }) => actor),
            entries.map(({ grantId }) => grantId),
            entries.map(({ generation }) => generation),
          ],
        )
        return entries.map(() => undefined)
      },
      { atOnce: 1, most: 1000 },
    )
  }

  write(entry: Entry): Promise<void> {
    return this.#entries.ask(entry)
  }
}
