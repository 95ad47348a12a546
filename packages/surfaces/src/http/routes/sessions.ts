import { passwordLength } from '@sluis/people'
import { must, SluisError } from '@sluis/shared'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { HttpParts } from '../http-app.ts'
import { isAtHttps, originOf } from '../origin.ts'
import { personOf, visitor } from '../request-context.ts'
import { strict } from '../strict-schema.ts'
import { copyCookies } from './log-in.ts'

const password = z.string().min(passwordLength.least).max(passwordLength.most)
const personName = z.string().trim().min(1).max(200)
const linkToken = z.string().min(20).max(200)

/** `/session`, `/sessions`, and the two ways to become a person: the set-up link and an invitation. */
export function sessionRoutes(app: FastifyInstance, parts: HttpParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const { persons, publicUrl } = parts
  const { logIn, members, invitations, sessions, setUp } = persons
  const tags = ['people']
  const logInNew = async (request: FastifyRequest, reply: FastifyReply, email: string, chosen: string) => {
    const answer = await logIn.signIn(originOf(request, publicUrl), email, chosen, request.ip)
    copyCookies(reply, answer, isAtHttps(request, publicUrl))
  }

  routes.get(
    '/session',
    { schema: { tags, summary: 'Who is logged in, and in which organisations' } },
    async (request) => {
      const person = visitor(request)
      const { id, name, email, hasTwoFactor } = person
      return { person: { id, name, email, hasTwoFactor }, organisations: await members.organisationsOf(id) }
    },
  )

  routes.get(
    '/single-sign-on',
    {
      schema: {
        tags,
        summary: 'What the OpenID provider is called at which people can log in; null without one',
      },
    },
    async () => ({ name: logIn.singleSignOn }),
  )

  routes.get('/sessions', { schema: { tags, summary: 'Where you are logged in' } }, async (request) => ({
    sessions: await sessions.list(visitor(request)),
  }))

  routes.delete(
    '/sessions/:id',
    { schema: { tags, summary: 'End one of your sessions', params: z.object({ id: z.string().max(60) }) } },
    async (request, reply) => {
      await sessions.end(visitor(request), request.params.id)
      return reply.status(204).send()
    },
  )

  routes.post(
    '/setup',
    {
      schema: {
        tags,
        summary: 'Become the first owner, with the link that the server printed',
        body: strict({ token: linkToken, name: personName, email: z.email().max(320), password }),
      },
    },
    async (request, reply) => {
      const { token, name, email, password: chosen } = request.body
      const { personId } = await setUp.redeem(token, { name, email, password: chosen })
      await logInNew(request, reply, email, chosen)
      return reply.status(201).send({
        person: { id: personId, name, email: email.toLowerCase() },
        organisations: await members.organisationsOf(personId),
      })
    },
  )

  routes.post(
    '/invitations/preview',
    {
      schema: {
        tags,
        summary: 'What an invitation’s link leads to',
        body: strict({ token: linkToken }),
      },
    },
    async (request) => invitations.preview(request.body.token),
  )

  routes.post(
    '/invitations/accept',
    {
      schema: {
        tags,
        summary: 'Become a member: as who is logged in, or as somebody new with a name and a password',
        body: strict({ token: linkToken, name: personName.optional(), password: password.optional() }),
      },
    },
    async (request, reply) => {
      const { token, name, password: chosen } = request.body
      const isNew = name !== undefined && chosen !== undefined
      const person = isNew ? null : await personOf(request, parts)
      if (!isNew && person === null) {
        throw new SluisError(
          'UNAUTHENTICATED',
          'An invitation is taken by who is logged in, or by somebody new.',
          {
            hint: 'Log in first, or send a name and a password.',
          },
        )
      }
      const who = isNew ? { name, password: chosen } : { person: must(person, 'somebody is logged in') }
      const { email, personId } = await invitations.accept(token, who)
      if (isNew) await logInNew(request, reply, email, chosen)
      return reply
        .status(201)
        .send({ person: { id: personId, email }, organisations: await members.organisationsOf(personId) })
    },
  )
}
