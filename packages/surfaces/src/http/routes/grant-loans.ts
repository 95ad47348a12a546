import { isId, SluisError } from '@sluis/shared'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { HttpParts } from '../http-app.ts'
import { enter } from '../request-context.ts'
import { strict } from '../strict-schema.ts'
import { grantId } from './grants.ts'

const byId = z.object({ id: z.string().max(60) })
const partition = z.union([z.string().min(1).max(60), z.number()]).transform(String)

/** `/grants/{id}/loans` for whoever lends, `/loans` for whom something is lent to. */
export function grantLoanRoutes(app: FastifyInstance, { people, vault }: HttpParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const tags = ['grants']

  routes.post(
    '/grants/:id/loans',
    {
      schema: {
        tags,
        summary: 'Let databases of an organisation below read these partitions through a grant',
        params: byId,
        body: strict({ organisation: z.string().max(60), partitions: z.array(partition).min(1).max(10_000) }),
      },
    },
    async (request, reply) => {
      const { caller, organisationId } = await enter(request, people)
      const { organisation, partitions } = request.body
      if (!isId('org', organisation)) throw new SluisError('NOT_FOUND', 'There is no such organisation.')
      // Whoever may not act below does not learn what is there either.
      const borrower = await people.resolveOrganisation({ ...caller, organisationId }, organisation)
      const wanted = { organisation: borrower, partitions }
      const loan = await vault.loans.lend(organisationId, grantId(request.params.id), wanted, caller.actor)
      return reply.status(201).send(loan)
    },
  )

  routes.get(
    '/grants/:id/loans',
    { schema: { tags, summary: 'Whom a grant is lent to', params: byId } },
    async (request) => {
      const { organisationId } = await enter(request, people)
      return { loans: await vault.loans.of(organisationId, grantId(request.params.id)) }
    },
  )

  routes.delete(
    '/grants/:id/loans/:organisation',
    {
      schema: {
        tags,
        summary: 'End a loan: databases on it read nothing any more',
        params: byId.extend({ organisation: z.string().max(60) }),
      },
    },
    async (request, reply) => {
      const { caller, organisationId } = await enter(request, people)
      const { id, organisation } = request.params
      await vault.loans.end(organisationId, grantId(id), organisation, caller.actor)
      return reply.status(204).send()
    },
  )

  routes.get(
    '/loans',
    { schema: { tags, summary: 'Grants that are lent to this organisation' } },
    async (request) => {
      const { organisationId } = await enter(request, people)
      return { loans: await vault.loans.borrowed(organisationId) }
    },
  )
}
