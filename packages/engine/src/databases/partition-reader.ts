import { type Clock, type GrantId, type OrganisationId, SluisError } from '@sluis/shared'
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
  readonly clock: Clock
}

/** Whoever hands over or registers waits for partitions so long, and no longer. */
const patienceMs = 5000

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
    signal?: AbortSignal,
  ): Promise<readonly Partition[]> {
    const { platforms, store, openSession, callerFor } = this.#parts
    const session = await openSession(organisationId, grant)
    const { connector } = platforms.get(session.platform)
    const caller = callerFor(connector, session, onCall, signal)
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
      if (outcome.kind === 'too-much') {
        throw new SluisError('PLATFORM_UNAVAILABLE', outcome.text, { hint: 'The next statement asks again.' })
      }
      bodies.push(outcome.response.body)
    }
    const partitions = connector.readPartitions(bodies)
    await store.put(grant, partitions)
    return partitions
  }

  /**
   * The same for a handover or a registration, which somebody waits for: a platform that has no turn for it within some
   * seconds (a full minute is waited for elsewhere) is asked again by the first statement.
   */
  async readSoon(organisationId: OrganisationId, grant: GrantId): Promise<readonly Partition[]> {
    const giveUp = new AbortController()
    const done = new AbortController()
    const late = this.#parts.clock.sleep(patienceMs, done.signal).then(() => {
      const reason = new SluisError('PLATFORM_UNAVAILABLE', 'The platform has no turn for this now.', {
        hint: 'The first statement asks again.',
      })
      giveUp.abort(reason)
      throw reason
    })
    try {
      return await Promise.race([this.read(organisationId, grant, undefined, giveUp.signal), late])
    } finally {
      done.abort()
    }
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
