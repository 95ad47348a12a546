import { isNetwork, keyTextOf, scopes } from '@sluis/people'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { HttpParts } from '../http-app.ts'
import { enter, idempotent, requireInstallation } from '../request-context.ts'
import { isoTime, strict } from '../strict-schema.ts'

/** What a key's use may be bound to. */
export const networks = z
  .array(z.string().max(60).refine(isNetwork, 'is neither an address nor a network such as 203.0.113.0/24'))
  .min(1)
  .max(100)

/** `/keys`, and the key to seal handovers for. */
export function keyRoutes(app: FastifyInstance, { people, vault }: HttpParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()

  routes.post(
    '/keys',
    {
      schema: {
        tags: ['keys'],
        summary: 'Create a key; its text is shown this once',
        body: strict({
          name: z.string().min(1).max(200),
          scopes: z.array(z.enum(scopes)).min(1),
          descendants: z.boolean().optional(),
          databases: z.array(z.string()).min(1).max(1000).optional(),
          addresses: networks.optional(),
          expiresAt: isoTime.optional(),
        }),
      },
    },
    async (request, reply) => {
      const { caller, organisationId } = await enter(request, people, 'admin')
      const { name, scopes: wanted, descendants, databases, addresses, expiresAt } = request.body
      const key = {
        name,
        scopes: wanted,
        ...(descendants === undefined ? {} : { descendants }),
        ...(databases === undefined ? {} : { databases }),
        ...(addresses === undefined ? {} : { addresses }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      }
      const { answer, secret, isRepeated } = await vault.idempotency.onceWithSecret(
        organisationId,
        idempotent(request, 'POST /keys', caller.actor),
        async (tx, secret) => {
          const { view } = await people.createKey(caller, organisationId, key, { tx, secret })
          return { status: 201, answer: { id: view.id } }
        },
      )
      const view = await people.getKey(organisationId, answer.id)
      return reply.status(isRepeated ? 200 : 201).send({ ...view, key: keyTextOf(secret) })
    },
  )

  routes.get('/keys', { schema: { tags: ['keys'], summary: 'List keys' } }, async (request) => {
    const { organisationId } = await enter(request, people, 'admin')
    return { keys: await people.listKeys(organisationId) }
  })

  routes.delete(
    '/keys/:id',
    { schema: { tags: ['keys'], summary: 'Revoke a key', params: z.object({ id: z.string() }) } },
    async (request, reply) => {
      const { caller, organisationId } = await enter(request, people, 'admin')
      await people.revokeKey(caller, organisationId, request.params.id)
      return reply.status(204).send()
    },
  )

  routes.post(
    '/keys/rotate',
    {
      schema: {
        tags: ['keys'],
        summary: 'New sealing keys while everything goes on; API keys stay as they are',
        body: strict({
          keys: z
            .array(z.enum(['data', 'handover', 'kek']))
            .min(1)
            .default(['data']),
        }),
      },
    },
    async (request) => {
      const { caller, organisationId } = await enter(request, people, 'admin')
      const wanted = new Set(request.body.keys)
      if (wanted.has('kek')) {
        await requireInstallation(people, organisationId, 'The key-encryption key belongs')
      }
      const moved: Record<string, number> = {}
      if (wanted.has('kek')) moved.kek = await vault.rotateKek()
      if (wanted.has('data')) moved.data = await vault.rotateDataKey(organisationId, caller.actor)
      if (wanted.has('handover')) {
        await vault.envelopes.rotate(organisationId)
        moved.handover = 0
      }
      return { moved }
    },
  )

  routes.get(
    '/handover-key',
    { schema: { tags: ['grants'], summary: 'The public key to seal credentials for, as a JWK' } },
    async (request) => {
      const { organisationId } = await enter(request, people, 'handover:write')
      return vault.envelopes.publicKey(organisationId)
    },
  )
}
