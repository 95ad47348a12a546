import { languages } from '@sluis/people'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { HttpParts } from '../http-app.ts'
import { enter } from '../request-context.ts'
import { strict } from '../strict-schema.ts'

export const language = z.enum(languages)
const email = z.email().max(320)

/** `/contacts`, who is written to about grants, and `/password-resets`. */
export function mailRoutes(app: FastifyInstance, { people, persons, log }: HttpParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const { contacts, letters } = persons
  const tags = ['contacts']

  routes.get(
    '/contacts',
    { schema: { tags, summary: 'Who is written to when a grant needs attention' } },
    async (request) => {
      const { organisationId } = await enter(request, people)
      return { contacts: await contacts.list(organisationId) }
    },
  )

  routes.post(
    '/contacts',
    {
      schema: {
        tags,
        summary: 'Write to this address too when a grant needs attention',
        body: strict({ email, language: language.default('en') }),
      },
    },
    async (request, reply) => {
      const { caller, organisationId } = await enter(request, people)
      return reply.status(201).send(await contacts.add(caller, organisationId, request.body))
    },
  )

  routes.delete(
    '/contacts/:id',
    {
      schema: {
        tags,
        summary: 'Write to this address no more',
        params: z.object({ id: z.string().max(60) }),
      },
    },
    async (request, reply) => {
      const { caller, organisationId } = await enter(request, people)
      await contacts.remove(caller, organisationId, request.params.id)
      return reply.status(204).send()
    },
  )

  routes.post(
    '/password-resets',
    {
      schema: {
        tags: ['people'],
        summary: 'Have a link for a new password mailed; the answer is the same whoever has the address',
        body: strict({ email, language: language.default('en') }),
      },
    },
    async (request, reply) => {
      // Not awaited: how long it takes would tell whether there is such a person.
      letters
        .sendReset(request.body.email, request.body.language)
        .catch((error: Error) => log.warn({ error: error.message.slice(0, 200) }, 'a reset was not mailed'))
      return reply.status(202).send({ isMailed: letters.areSent })
    },
  )
}
