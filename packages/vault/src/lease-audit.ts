import type { GrantId, OrganisationId } from '@sluis/shared'
import type { Store } from '@sluis/store'

interface Entry {
  readonly organisationId: OrganisationId
  readonly at: number
  readonly actor: string
  readonly grantId: GrantId
  readonly generation: number
}

/** Writes one audit event for every lease before it is answered; leases that come together share one statement. */
export class LeaseAudit {
  readonly #store: Store
  #queue: { entry: Entry; done: () => void; fail: (error: unknown) => void }[] = []
  #isWriting = false

  constructor(store: Store) {
    this.#store = store
  }

  write(entry: Entry): Promise<void> {
    return new Promise((done, fail) => {
      this.#queue.push({ entry, done, fail })
      if (!this.#isWriting) void this.#drain()
    })
  }

  async #drain(): Promise<void> {
    this.#isWriting = true
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, 1000)
      const entries = batch.map(({ entry }) => entry)
      try {
        await this.#store.pool.query(
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
        for (const { done } of batch) done()
      } catch (error) {
        for (const { fail } of batch) fail(error)
      }
    }
    this.#isWriting = false
  }
}
