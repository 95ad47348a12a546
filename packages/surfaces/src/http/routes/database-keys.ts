import { keyTextOf, type Scope, scopes } from '@sluis/people'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { HttpParts } from '../http-app.ts'
import { enter, idempotent } from '../request-context.ts'
import { isoTime, strict } from '../strict-schema.ts'
import { networks } from './keys.ts'

const byName = z.object({ name: z.string() })
/** All that a key for one database can be allowed. */
const ofDatabase = scopes.filter((scope) => /^(databases:read|query|query:write)$/.test(scope)) as [
  Scope,
  ...Scope[],
]

/** `/databases/{name}/keys`: keys for one database, for a BI tool; whoever makes databases makes them. */
export function databaseKeyRoutes(app: FastifyInstance, { people, vault, engine }: HttpParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const tags = ['keys']

  routes.post(
    '/databases/:name/keys',
    {
      schema: {
        tags,
        summary: 'Create a key for this database and nothing else; its text is shown this once',
        params: byName,
        body: strict({
          name: z.string().min(1).max(200),
          scopes: z.array(z.enum(ofDatabase)).min(1).default(['databases:read', 'query']),
          addresses: networks.optional(),
          expiresAt: isoTime.optional(),
        }),
      },
    },
    async (request, reply) => {
      const { caller, organisationId } = await enter(request, people)
      const { name: database } = await engine.getDatabase(organisationId, request.params.name)
      const { name, scopes: wanted, addresses, expiresAt } = request.body
      const key = {
        name,
        scopes: wanted,
        databases: [database],
        ...(addresses === undefined ? {} : { addresses }),
        ...(expiresAt === undefined ? {} : { expiresAt }),
      }
      const { answer, secret, isRepeated } = await vault.idempotency.onceWithSecret(
        organisationId,
        idempotent(request, 'POST /databases/{name}/keys', caller.actor, database),
        async (tx, secret) => {
          const { view } = await people.createKey(caller, organisationId, key, { tx, secret })
          return { status: 201, answer: { id: view.id } }
        },
      )
      const view = await people.getKey(organisationId, answer.id)
      return reply.status(isRepeated ? 200 : 201).send({ ...view, key: keyTextOf(secret) })
    },
  )

  routes.get(
    '/databases/:name/keys',
    { schema: { tags, summary: 'Keys for this database and nothing else', params: byName } },
    async (request) => {
      const { organisationId } = await enter(request, people)
      const { name } = await engine.getDatabase(organisationId, request.params.name)
      return { keys: await people.listKeysOf(organisationId, name) }
    },
  )

  routes.delete(
    '/databases/:name/keys/:id',
    {
      schema: {
        tags,
        summary: 'Revoke a key of this database',
        params: z.object({ name: z.string(), id: z.string().max(60) }),
      },
    },
    async (request, reply) => {
      const { caller, organisationId } = await enter(request, people)
      const { name } = await engine.getDatabase(organisationId, request.params.name)
      await people.revokeKey(caller, organisationId, request.params.id, name)
      return reply.status(204).send()
    },
  )
}
