import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { clientSchema, toClient } from '../handover-schema.ts'
import type { HttpParts } from '../http-app.ts'
import { originOf } from '../origin.ts'
import { enter, idempotent } from '../request-context.ts'
import { scopeText, strict } from '../strict-schema.ts'

const byId = z.object({ id: z.string().max(60) })

/** Where browsers come back to after a consent, and where a consent is opened with a secret behind the `#`. */
export const returnPath = '/app/consent/return'
export const startPath = '/app/consent/start'

/** `/preauthentications`: users are asked for consent from here. */
export function preauthenticationRoutes(app: FastifyInstance, { people, vault, publicUrl }: HttpParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const { preauthentications, consentEnds } = vault
  const tags = ['preauthentication']

  routes.post(
    '/preauthentications',
    {
      schema: {
        tags,
        summary: 'Begin a consent: open startUrl, or authorizeUrl and paste the return address back',
        body: strict({
          platform: z.string().min(1).max(60),
          region: z.string().min(1).max(60),
          client: clientSchema,
          output: z.enum(['grant', 'code', 'tokens', 'envelope']).default('grant'),
          scopes: z.array(scopeText).max(100).optional(),
          label: z.string().max(200).optional(),
          externalId: z.string().min(1).max(200).optional(),
          confirmed: z.boolean().optional(),
        }),
      },
    },
    async (request, reply) => {
      const { organisationId, caller } = await enter(request, people, 'preauthentication:write')
      const { client, scopes, label, externalId, confirmed, ...rest } = request.body
      const origin = originOf(request, publicUrl)
      const begun = await preauthentications.begin(
        organisationId,
        {
          ...rest,
          client: toClient(client),
          ...(scopes === undefined ? {} : { scopes }),
          ...(label === undefined ? {} : { label }),
          ...(externalId === undefined ? {} : { externalId }),
          ...(confirmed === undefined ? {} : { isConfirmed: confirmed }),
        },
        caller.actor,
        `${origin}${returnPath}`,
        // Who began ends it: somebody else's request is another one.
        { request: idempotent(request, 'POST /preauthentications', caller.actor) },
      )
      const { preauthentication, startSecret, authorizeUrl, isRepeated } = begun
      const open = () =>
        preauthentication.returnsBy === 'redirect'
          ? { startUrl: `${origin}${startPath}#${startSecret.reveal()}` }
          : { authorizeUrl }
      return reply
        .status(isRepeated ? 200 : 201)
        .send({ ...preauthentication, ...(authorizeUrl === null ? {} : open()) })
    },
  )

  routes.get('/preauthentications', { schema: { tags, summary: 'The newest consents' } }, async (request) => {
    const { organisationId } = await enter(request, people, 'preauthentication:write')
    return { preauthentications: await preauthentications.list(organisationId) }
  })

  routes.get(
    '/preauthentications/:id',
    { schema: { tags, summary: 'What became of a consent', params: byId } },
    async (request) => {
      const { organisationId } = await enter(request, people, 'preauthentication:write')
      return preauthentications.get(organisationId, request.params.id)
    },
  )

  routes.post(
    '/preauthentications/:id/return',
    {
      schema: {
        tags,
        summary: 'Paste the whole address that the browser was sent to',
        params: byId,
        body: strict({ url: z.string().min(1).max(20_000) }),
      },
    },
    async (request) => {
      const { organisationId, caller } = await enter(request, people, 'preauthentication:write')
      const { id } = request.params
      return consentEnds.pasted(organisationId, id, request.body.url, caller.actor)
    },
  )

  routes.post(
    '/preauthentications/:id/result',
    {
      schema: {
        tags,
        summary: 'The result, once, to who began; then it is erased',
        params: byId,
        body: strict({}),
      },
    },
    async (request) => {
      const { organisationId, caller } = await enter(request, people, 'preauthentication:write')
      return consentEnds.show(organisationId, request.params.id, caller.actor)
    },
  )

  routes.delete(
    '/preauthentications/:id',
    { schema: { tags, summary: 'Cancel a consent and erase its result', params: byId } },
    async (request, reply) => {
      const { organisationId, caller } = await enter(request, people, 'preauthentication:write')
      await preauthentications.cancel(organisationId, request.params.id, caller.actor)
      return reply.status(204).send()
    },
  )
}
