import { type GrantId, type OrganisationId, SluisError } from '@sluis/shared'
import type { QueryablePlatforms } from '../catalog/queryable-platforms.ts'
import type { Partition } from '../catalog/table.ts'
import type { Database, OpenSession } from '../engine.ts'
import type { NativeCall } from '../fetch/api-caller.ts'
import type { CallerFor } from '../fetch/caller-for.ts'
import type { PartitionStore } from './partition-store.ts'

export interface PartitionReaderParts {
  readonly platforms: QueryablePlatforms
  readonly store: PartitionStore
  readonly openSession: OpenSession
  readonly callerFor: CallerFor
}

/** Which partitions grants reach: as read last, or asked of the platform. */
export class PartitionReader {
  readonly #parts: PartitionReaderParts

  constructor(parts: PartitionReaderParts) {
    this.#parts = parts
  }

  /** As they were read last; null when they never were. */
  known(grant: GrantId): Promise<readonly Partition[] | null> {
    return this.#parts.store.get(grant)
  }

  /** Asks the platform; whoever it is asked for is told of each call. */
  async read(
    organisationId: OrganisationId,
    grant: GrantId,
    onCall: (call: NativeCall) => void = () => {},
  ): Promise<readonly Partition[]> {
    const { platforms, store, openSession, callerFor } = this.#parts
    const session = await openSession(organisationId, grant)
    const { connector } = platforms.get(session.platform)
    const caller = callerFor(connector, session, onCall)
    const bodies: Buffer[] = []
    for (;;) {
      const request = connector.nextPartitionsRequest(session.baseUrl, bodies)
      if (request === null) break
      const outcome = await caller.call(request)
      if (outcome.kind === 'forbidden') {
        throw new SluisError(
          'PLATFORM_FORBIDDEN',
          `The list of partitions may not be read: ${outcome.text}`,
          { hint: 'Give the app the right to read it, at the platform.' },
        )
      }
      bodies.push(outcome.response.body)
    }
    const partitions = connector.readPartitions(bodies)
    await store.put(grant, partitions)
    return partitions
  }

  /** Those that a database may read, of all its sources. */
  async listOf(
    organisationId: OrganisationId,
    { sources }: Database,
  ): Promise<readonly (Partition & { source: string })[]> {
    const lists = await Promise.all(
      sources.map(async ({ alias, grant, partitions }) => {
        const all = (await this.known(grant)) ?? (await this.read(organisationId, grant))
        return all
          .filter(({ id }) => partitions === 'all' || partitions.includes(id))
          .map((partition) => ({ ...partition, source: alias }))
      }),
    )
    return lists.flat()
  }
}
