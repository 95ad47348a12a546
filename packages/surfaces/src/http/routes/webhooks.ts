import { SluisError } from '@sluis/shared'
import { webhookEvents } from '@sluis/vault'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { HttpParts } from '../http-app.ts'
import { enter, idempotent } from '../request-context.ts'
import { strict } from '../strict-schema.ts'

const byId = z.object({ id: z.string().max(60) })

/** `/webhooks`: subscriptions, their secrets, and what was delivered. */
export function webhookRoutes(app: FastifyInstance, { people, vault }: HttpParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const { webhooks } = vault
  const tags = ['webhooks']

  routes.post(
    '/webhooks',
    {
      schema: {
        tags,
        summary: 'Subscribe to events; the signing secret is shown this once',
        body: strict({
          url: z.string().min(1).max(2000),
          description: z.string().max(200).optional(),
          events: z.array(z.enum(webhookEvents)).min(1).max(webhookEvents.length).optional(),
          descendants: z.boolean().optional(),
        }),
      },
    },
    async (request, reply) => {
      const { organisationId, caller } = await enter(request, people, 'webhooks:write')
      const { url, description, events, descendants } = request.body
      if (descendants && !caller.mayDescend) {
        throw new SluisError('FORBIDDEN', 'This key does not reach the organisations below its own.', {
          hint: 'Use a key that was created with "descendants": true.',
        })
      }
      const wanted = {
        url,
        ...(description === undefined ? {} : { description }),
        ...(events === undefined ? {} : { events }),
        ...(descendants === undefined ? {} : { descendants }),
      }
      const { answer, isRepeated } = await vault.idempotency.once(
        organisationId,
        idempotent(request, 'POST /webhooks', caller.actor),
        async (tx) => {
          const { webhook } = await webhooks.create(organisationId, wanted, caller.actor, tx)
          return { status: 201, answer: { id: webhook.id } }
        },
      )
      const { webhook, secret } = await webhooks.withSecret(organisationId, answer.id)
      return reply.status(isRepeated ? 200 : 201).send({ ...webhook, secret: secret.reveal() })
    },
  )

  routes.get('/webhooks', { schema: { tags, summary: 'List webhooks' } }, async (request) => {
    const { organisationId } = await enter(request, people, 'webhooks:write')
    return { webhooks: await webhooks.list(organisationId) }
  })

  routes.get('/webhooks/:id', { schema: { tags, summary: 'One webhook', params: byId } }, async (request) => {
    const { organisationId } = await enter(request, people, 'webhooks:write')
    return webhooks.get(organisationId, request.params.id)
  })

  routes.delete(
    '/webhooks/:id',
    { schema: { tags, summary: 'End a subscription', params: byId } },
    async (request, reply) => {
      const { organisationId, caller } = await enter(request, people, 'webhooks:write')
      await webhooks.delete(organisationId, request.params.id, caller.actor)
      return reply.status(204).send()
    },
  )

  routes.post(
    '/webhooks/:id/rotate',
    {
      schema: {
        tags,
        summary: 'A new secret; the one before signs beside it for a day, or as long as told',
        params: byId,
        body: strict({ overlapSeconds: z.number().int().min(0).max(2_592_000).optional() }),
      },
    },
    async (request) => {
      const { organisationId, caller } = await enter(request, people, 'webhooks:write')
      const { webhook, secret } = await webhooks.rotateSecret(
        organisationId,
        request.params.id,
        caller.actor,
        request.body.overlapSeconds,
      )
      return { ...webhook, secret: secret.reveal() }
    },
  )

  routes.get(
    '/webhooks/:id/deliveries',
    {
      schema: {
        tags,
        summary: 'Deliveries, newest first',
        params: byId,
        querystring: strict({
          limit: z.coerce.number().int().min(1).max(500).default(50),
          before: z.string().max(20).optional(),
          state: z.enum(['pending', 'delivered', 'dead']).optional(),
        }),
      },
    },
    async (request) => {
      const { organisationId } = await enter(request, people, 'webhooks:write')
      const { limit, before, state } = request.query
      const deliveries = await webhooks.deliveries(organisationId, request.params.id, {
        limit,
        ...(before === undefined ? {} : { before }),
        ...(state === undefined ? {} : { state }),
      })
      return { deliveries }
    },
  )

  routes.post(
    '/webhooks/:id/deliveries/replay',
    {
      schema: {
        tags,
        summary: 'Send again: one delivery that ended, or all that were given up',
        params: byId,
        body: strict({ delivery: z.string().max(20).optional() }),
      },
    },
    async (request, reply) => {
      const { organisationId } = await enter(request, people, 'webhooks:write')
      const replayed = await webhooks.replay(
        organisationId,
        request.params.id,
        request.body.delivery ?? 'dead',
      )
      return reply.status(202).send({ replayed })
    },
  )
}
