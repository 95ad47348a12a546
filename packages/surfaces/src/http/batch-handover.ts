import type { Engine } from '@sluis/engine'
import { type Caller, type People, requireScope } from '@sluis/people'
import { type OrganisationId, SluisError } from '@sluis/shared'
import type { Vault } from '@sluis/vault'
import { z } from 'zod'
import { handoverNames, handoverShape, toHandover } from './handover-schema.ts'
import type { NumberedLine } from './ndjson-lines.ts'
import { toProblem } from './problem.ts'
import { requireDatabase } from './request-context.ts'
import { grantBody, statusOfOutcome } from './routes/grants.ts'
import { strict } from './strict-schema.ts'

/** One line of a batch: a handover, in which organisation, and perhaps the database that reads through it. */
export const batchLineSchema = strict({
  id: z.string().min(1).max(200).optional().describe('Your own name of the line; it comes back.'),
  organisation: z.string().max(60).optional().describe('One below the key’s own.'),
  ...handoverShape,
  ...handoverNames,
  database: strict({
    name: z.string().min(1).max(80),
    title: z.string().max(200).optional(),
    alias: z.string().max(40).optional(),
    partitions: z.union([z.literal('all'), z.array(z.string()).min(1).max(10_000)]).default('all'),
  }).optional(),
})
z.globalRegistry.add(batchLineSchema, { id: 'BatchLine' })

export interface BatchParts {
  readonly people: People
  readonly vault: Vault
  readonly engine: Engine
  readonly caller: Caller
  /** Where lines act that name no organisation. */
  readonly organisationId: OrganisationId
  readonly isDryRun: boolean
}

/** What became of a line, as it is answered. */
export type LineOutcome = Readonly<Record<string, unknown>> & {
  readonly line: number
  readonly status: number
}

const route = 'POST /handovers/batch'

/** Hands over line by line; each line is a request of its own, and the same line again is the same request. */
export class BatchHandover {
  readonly #parts: BatchParts
  /** Names that earlier lines of this run take; a dry run must find a clash without reserving anything. */
  readonly #names = new Map<string, number>()

  constructor(parts: BatchParts) {
    this.#parts = parts
  }

  /** Never rejects: a line that fails is an outcome too. */
  async take({ line, text }: NumberedLine): Promise<LineOutcome> {
    let name: { readonly id?: string } = {}
    try {
      const json = parseJson(text)
      // Also a line that is refused comes back under its own name.
      const id = (json as { id?: unknown } | null)?.id
      if (typeof id === 'string') name = { id: id.slice(0, 200) }
      return { line, ...name, ...(await this.#handOver(line, parseLine(json))) }
    } catch (error) {
      const problem = toProblem(error)
      return { line, ...name, status: problem.status, problem }
    }
  }

  async #handOver(line: number, body: z.infer<typeof batchLineSchema>) {
    const { people, vault, engine, caller, isDryRun } = this.#parts
    const { database } = body
    const organisationId =
      body.organisation === undefined
        ? this.#parts.organisationId
        : await people.resolveOrganisation(caller, body.organisation)
    if (database) {
      requireScope(caller, 'databases:write')
      requireDatabase({ caller, organisationId }, database.name)
    }
    const text = JSON.stringify(body)
    const idempotency = { key: await vault.idempotency.keyOf(text), route, body: text }
    const beforeSpending = async () => {
      if (!database) return
      await engine.assertNameFree(organisationId, database.name)
      const name = `${organisationId} ${database.name}`
      const first = this.#names.get(name)
      if (first !== undefined && first !== line) {
        throw new SluisError(
          'DATABASE_NAME_TAKEN',
          `Line ${first} takes the name "${database.name}" already.`,
          {
            hint: 'Give each database of an organisation a name of its own.',
          },
        )
      }
      this.#names.set(name, line)
    }
    const handover = toHandover(organisationId, body)
    if (isDryRun) {
      const outcome = await vault.checkHandover(handover, { idempotency, beforeSpending })
      return { status: 200, outcome }
    }
    const { outcome, grant } = await vault.handOver(handover, {
      actor: caller.actor,
      idempotency,
      beforeSpending,
      ...(database
        ? {
            reserve: (tx, grantId) =>
              engine.reserveDatabase(tx, organisationId, {
                name: database.name,
                ...(database.title === undefined ? {} : { title: database.title }),
                sources: [
                  {
                    alias: database.alias ?? engine.defaultAlias(body.platform),
                    grant: grantId,
                    platform: body.platform,
                    partitions: database.partitions,
                  },
                ],
              }),
          }
        : {}),
    })
    if (outcome === 'superseded' || (outcome === 'created' && database)) {
      await engine.readPartitions(organisationId, grant.id).catch(() => {})
    }
    return {
      status: statusOfOutcome[outcome],
      outcome,
      organisation: organisationId,
      grant: grantBody(grant),
      ...(database ? { database: database.name } : {}),
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new SluisError('INVALID_REQUEST', 'The line is not JSON.', { hint: 'Send one JSON object a line.' })
  }
}

function parseLine(json: unknown): z.infer<typeof batchLineSchema> {
  const { data, error } = batchLineSchema.safeParse(json)
  if (data) return data
  const faults = error.issues.map(({ path, message }) => ({ field: path.join('.'), message }))
  throw new SluisError(
    'INVALID_REQUEST',
    faults.map(({ field, message }) => `${field || 'line'}: ${message}`).join('; '),
    {
      hint: 'The fields of a line are described at /api/docs.',
      details: { field: faults[0]?.field, faults },
    },
  )
}
