import { type GrantId, isId, SluisError } from '@sluis/shared'
import type { GrantView, HandoverOutcome } from '@sluis/vault'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { handoverSchema, toHandover } from '../handover-schema.ts'
import type { HttpParts } from '../http-app.ts'
import { enter, idempotencyKey } from '../request-context.ts'
import { strict } from '../strict-schema.ts'

/** A grant without the wall it stands behind. */
export function grantBody({ organisationId: _, ...grant }: GrantView): object {
  return grant
}

export const statusOfOutcome: Readonly<Record<HandoverOutcome['outcome'], number>> = {
  created: 201,
  superseded: 200,
  repeated: 200,
  open: 202,
}

/** The id in the path if it has the form of one; what does not cannot exist. */
export function grantId(text: string): GrantId {
  if (isId('grt', text)) return text
  throw new SluisError('NOT_FOUND', 'There is no such grant.', { hint: 'GET /api/v1/grants lists them.' })
}

const byId = z.object({ id: z.string() })
const pageFields = {
  limit: z.coerce.number().int().min(1).max(500).default(50),
  after: z
    .string()
    .regex(/^[\w-]{1,200}$/, 'Not a cursor that an answer gave')
    .optional(),
}
const paging = strict(pageFields)

/** `/grants`: handovers, and what became of them. */
export function grantRoutes(app: FastifyInstance, { people, vault, engine }: HttpParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()

  routes.post(
    '/grants',
    {
      schema: { tags: ['grants'], summary: 'Hand over credentials obtained elsewhere', body: handoverSchema },
    },
    async (request, reply) => {
      const { organisationId, caller } = await enter(request, people, 'handover:write')
      const key = idempotencyKey(request)
      const { outcome, grant } = await vault.handOver(toHandover(organisationId, request.body), {
        actor: caller.actor,
        ...(key === null
          ? {}
          : { idempotency: { key, route: 'POST /grants', body: JSON.stringify(request.body) } }),
      })
      // A new grant has no databases yet: the first one registered on it asks (ADR 0013).
      if (outcome === 'superseded') await engine.readPartitions(organisationId, grant.id).catch(() => {})
      return reply.status(statusOfOutcome[outcome]).send(grantBody(grant))
    },
  )

  routes.get(
    '/grants',
    { schema: { tags: ['grants'], summary: 'List grants', querystring: paging } },
    async (request) => {
      const { organisationId } = await enter(request, people, 'grants:read')
      const { limit, after } = request.query
      const grants = await vault.listGrants(organisationId, {
        limit,
        ...(after === undefined ? {} : { after }),
      })
      const last = grants.length === limit ? grants.at(-1) : undefined
      return { grants: grants.map(grantBody), ...(last ? { after: last.id } : {}) }
    },
  )

  routes.get(
    '/grants/:id',
    { schema: { tags: ['grants'], summary: 'One grant', params: byId } },
    async (request) => {
      const { organisationId } = await enter(request, people, 'grants:read')
      return grantBody(await vault.getGrant(organisationId, grantId(request.params.id)))
    },
  )

  routes.get(
    '/grants/:id/events',
    {
      schema: {
        tags: ['grants'],
        summary: 'What happened to a grant',
        params: byId,
        querystring: strict({
          ...pageFields,
          order: z
            .enum(['oldest', 'newest'])
            .default('oldest')
            .describe('`newest`: the last events, and not the first; of these the oldest first.'),
        }),
      },
    },
    async (request) => {
      const { organisationId } = await enter(request, people, 'grants:read')
      const { limit, after, order } = request.query
      const events = await vault.grantEvents(organisationId, grantId(request.params.id), {
        limit,
        isNewest: order === 'newest',
        ...(after === undefined ? {} : { after }),
      })
      const last = events.length === limit && order === 'oldest' ? events.at(-1) : undefined
      const names = await people.audit.namesOf(events.map(({ actor }) => actor))
      const named = events.map((event) => ({ ...event, actorName: names.get(event.actor) ?? null }))
      return { events: named, ...(last ? { after: String(last.id) } : {}) }
    },
  )

  routes.delete(
    '/grants/:id',
    { schema: { tags: ['grants'], summary: 'Forget a grant', params: byId } },
    async (request, reply) => {
      const { organisationId, caller } = await enter(request, people, 'grants:write')
      await vault.deleteGrant(organisationId, grantId(request.params.id), { actor: caller.actor })
      return reply.status(204).send()
    },
  )

  routes.post(
    '/grants/:id/lease',
    {
      schema: {
        tags: ['grants'],
        summary: 'An access token for a short time',
        params: byId,
        body: strict({ minRemainingSeconds: z.number().int().min(0).max(3600).default(30) }),
      },
    },
    async (request) => {
      const { organisationId, caller } = await enter(request, people, 'tokens:lease')
      const { minRemainingSeconds } = request.body
      const lease = await vault.lease(organisationId, grantId(request.params.id), {
        minRemainingSeconds,
        actor: caller.actor,
      })
      return {
        accessToken: lease.accessToken.reveal(),
        expiresAt: new Date(lease.expiresAt).toISOString(),
        generation: lease.generation,
      }
    },
  )

  routes.post(
    '/grants/:id/refresh',
    { schema: { tags: ['grants'], summary: 'Spend the refresh token now', params: byId, body: strict({}) } },
    async (request) => {
      const { organisationId, caller } = await enter(request, people, 'grants:write')
      const id = grantId(request.params.id)
      const key = idempotencyKey(request)
      return grantBody(
        await vault.refresh(organisationId, id, {
          actor: caller.actor,
          ...(key === null ? {} : { idempotency: { key, route: 'POST /grants/{id}/refresh', body: id } }),
        }),
      )
    },
  )
}
