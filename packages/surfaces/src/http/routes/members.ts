import { invitationToken, roleNames } from '@sluis/people'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { HttpParts } from '../http-app.ts'
import { originOf } from '../origin.ts'
import { enter, idempotent } from '../request-context.ts'
import { strict } from '../strict-schema.ts'
import { language } from './mail.ts'

const byId = z.object({ id: z.string().max(60) })
const role = z.enum(roleNames)

/** `/members` and `/invitations` of an organisation. */
export function memberRoutes(app: FastifyInstance, { people, persons, vault, publicUrl }: HttpParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const { members, invitations, letters } = persons
  const tags = ['members']

  routes.get('/members', { schema: { tags, summary: 'List members' } }, async (request) => {
    const { organisationId } = await enter(request, people)
    return { members: await members.list(organisationId) }
  })

  routes.post(
    '/members',
    {
      schema: {
        tags,
        summary: 'Invite somebody; the link is shown this once and works for a week',
        body: strict({ email: z.email().max(320), role, language: language.default('en') }),
      },
    },
    async (request, reply) => {
      const { caller, organisationId } = await enter(request, people)
      const { secret, isRepeated } = await vault.idempotency.onceWithSecret(
        organisationId,
        idempotent(request, 'POST /members', caller.actor),
        async (tx, secret) => {
          const { view } = await invitations.create(caller, organisationId, request.body, { tx, secret })
          return { status: 201, answer: { id: view.id } }
        },
      )
      const token = invitationToken(secret)
      const view = await invitations.get(token)
      // Also for a request that came before: whether its letter went out before its answer was lost, nobody knows.
      const isMailed = await letters.sendInvitation(organisationId, { ...request.body, token })
      // Behind the #, so that no log of any server on the way holds it.
      const link = `${originOf(request, publicUrl)}/app/invitation#token=${token}`
      return reply.status(isRepeated ? 200 : 201).send({ ...view, link, isMailed })
    },
  )

  routes.patch(
    '/members/:id',
    { schema: { tags, summary: 'Give a member another role', params: byId, body: strict({ role }) } },
    async (request) => {
      const { caller, organisationId } = await enter(request, people)
      return members.changeRole(caller, organisationId, request.params.id, request.body.role)
    },
  )

  routes.delete(
    '/members/:id',
    { schema: { tags, summary: 'Take a member out', params: byId } },
    async (request, reply) => {
      const { caller, organisationId } = await enter(request, people)
      await members.remove(caller, organisationId, request.params.id)
      return reply.status(204).send()
    },
  )

  routes.post(
    '/members/:id/reset-link',
    {
      schema: {
        tags,
        summary: 'A link with which a member sets a new password; shown this once, works for a day',
        params: byId,
        body: strict({}),
      },
    },
    async (request, reply) => {
      const { caller, organisationId } = await enter(request, people)
      const token = await members.createResetToken(caller, organisationId, request.params.id)
      return reply.status(201).send({ link: `${originOf(request, publicUrl)}/app/reset#token=${token}` })
    },
  )

  routes.get(
    '/invitations',
    { schema: { tags, summary: 'Invitations that still work' } },
    async (request) => {
      const { organisationId } = await enter(request, people)
      return { invitations: await invitations.list(organisationId) }
    },
  )

  routes.delete(
    '/invitations/:id',
    { schema: { tags, summary: 'Take an invitation back', params: byId } },
    async (request, reply) => {
      const { caller, organisationId } = await enter(request, people)
      await invitations.revoke(caller, organisationId, request.params.id)
      return reply.status(204).send()
    },
  )
}
