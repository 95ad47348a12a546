import { PlainSecret } from '@sluis/shared'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { HttpParts } from '../http-app.ts'
import { enter, idempotencyKey } from '../request-context.ts'
import { secretText, strict } from '../strict-schema.ts'

const byId = z.object({ id: z.string().max(60) })
const label = z.string().trim().min(1).max(200)
/** As registered with the platform, to the letter. */
const redirectUri = z
  .string()
  .max(2000)
  .refine(
    (text) => URL.canParse(text) && !text.includes('#'),
    'is not an absolute address without a fragment',
  )
const redirectUris = z.array(redirectUri).min(1).max(50)

/** `/clients`: app registrations that handovers and consents name in place of client ID and secret. */
export function clientRoutes(app: FastifyInstance, { people, vault }: HttpParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const { clients } = vault
  const tags = ['clients']

  routes.post(
    '/clients',
    {
      schema: {
        tags,
        summary: 'Keep an app registration; its secret is never shown again',
        body: strict({
          platform: z.string().min(1).max(60),
          region: z.string().min(1).max(60),
          clientId: z.string().trim().min(1).max(200),
          clientSecret: secretText,
          redirectUris,
          label: label.optional(),
          servesDescendants: z.boolean().optional(),
        }),
      },
    },
    async (request, reply) => {
      const { organisationId, caller } = await enter(request, people, 'clients:write')
      const { clientSecret, label: named, servesDescendants, ...rest } = request.body
      const wanted = {
        ...rest,
        clientSecret: new PlainSecret(clientSecret),
        ...(named === undefined ? {} : { label: named }),
        ...(servesDescendants === undefined ? {} : { servesDescendants }),
      }
      const key = idempotencyKey(request)
      if (key === null) {
        return reply.status(201).send(await clients.create(organisationId, wanted, caller.actor))
      }
      const { isRepeated, answer } = await vault.idempotency.once(
        organisationId,
        { key, route: 'POST /clients', body: JSON.stringify(request.body) },
        async (tx) => {
          const { id } = await clients.create(organisationId, wanted, caller.actor, tx)
          return { status: 201, answer: { id } }
        },
      )
      return reply.status(isRepeated ? 200 : 201).send(await clients.get(organisationId, answer.id))
    },
  )

  routes.get(
    '/clients',
    {
      schema: { tags, summary: 'Clients that can be used here: own ones, and those of organisations above' },
    },
    async (request) => {
      const { organisationId } = await enter(request, people, 'clients:read')
      return { clients: await clients.list(organisationId) }
    },
  )

  routes.get('/clients/:id', { schema: { tags, summary: 'One client', params: byId } }, async (request) => {
    const { organisationId } = await enter(request, people, 'clients:read')
    return clients.get(organisationId, request.params.id)
  })

  routes.patch(
    '/clients/:id',
    {
      schema: {
        tags,
        summary: 'Change a client. A new secret is tried at the next spend and kept when it has worked',
        params: byId,
        body: strict({
          label: label.nullable().optional(),
          redirectUris: redirectUris.optional(),
          servesDescendants: z.boolean().optional(),
          clientSecret: secretText.optional(),
        }),
      },
    },
    async (request) => {
      const { organisationId, caller } = await enter(request, people, 'clients:write')
      const { clientSecret, ...rest } = request.body
      const given = Object.entries(rest).filter(([, value]) => value !== undefined)
      return clients.update(
        organisationId,
        request.params.id,
        {
          ...Object.fromEntries(given),
          ...(clientSecret === undefined ? {} : { clientSecret: new PlainSecret(clientSecret) }),
        },
        caller.actor,
      )
    },
  )

  routes.delete(
    '/clients/:id',
    { schema: { tags, summary: 'Forget a client; refused while grants use it', params: byId } },
    async (request, reply) => {
      const { organisationId, caller } = await enter(request, people, 'clients:write')
      await clients.delete(organisationId, request.params.id, caller.actor)
      return reply.status(204).send()
    },
  )
}
