import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { HttpParts } from '../http-app.ts'
import { enter, idempotencyKey } from '../request-context.ts'
import { strict } from '../strict-schema.ts'

const byId = z.object({ id: z.string().max(60) })
/** Neither holds the one character that the store does not keep. */
const text = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .refine((value) => !value.includes('\u0000'), 'holds a character that no text has')
const name = text(200)
const sql = text(100_000)

/** `/queries`: statements that are kept by name, for oneself or for everybody who may query in the organisation. */
export function savedQueryRoutes(app: FastifyInstance, { people, persons, vault }: HttpParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const { savedQueries } = persons
  const tags = ['saved queries']

  routes.get(
    '/queries',
    { schema: { tags, summary: 'Saved queries: your own, and those that others share' } },
    async (request) => {
      const { caller, organisationId } = await enter(request, people)
      return { queries: await savedQueries.list(caller, organisationId) }
    },
  )

  routes.post(
    '/queries',
    {
      schema: {
        tags,
        summary: 'Keep a query by name; it is not run, nor checked',
        body: strict({ name, sql, isShared: z.boolean().default(false) }),
      },
    },
    async (request, reply) => {
      const { caller, organisationId } = await enter(request, people)
      const key = idempotencyKey(request)
      const { isRepeated, answer } =
        key === null
          ? {
              isRepeated: false,
              answer: { id: await savedQueries.create(caller, organisationId, request.body) },
            }
          : await vault.idempotency.once(
              organisationId,
              { key, route: 'POST /queries', body: JSON.stringify(request.body) },
              async (tx) => ({
                status: 201,
                answer: { id: await savedQueries.create(caller, organisationId, request.body, tx) },
              }),
            )
      return reply
        .status(isRepeated ? 200 : 201)
        .send(await savedQueries.get(caller, organisationId, answer.id))
    },
  )

  routes.patch(
    '/queries/:id',
    {
      schema: {
        tags,
        summary: 'Rename, rewrite, share or keep for yourself',
        params: byId,
        body: strict({ name: name.optional(), sql: sql.optional(), isShared: z.boolean().optional() }),
      },
    },
    async (request) => {
      const { caller, organisationId } = await enter(request, people)
      return savedQueries.change(caller, organisationId, request.params.id, request.body)
    },
  )

  routes.delete(
    '/queries/:id',
    { schema: { tags, summary: 'Forget a saved query', params: byId } },
    async (request, reply) => {
      const { caller, organisationId } = await enter(request, people)
      await savedQueries.delete(caller, organisationId, request.params.id)
      return reply.status(204).send()
    },
  )
}
