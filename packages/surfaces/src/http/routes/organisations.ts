import { Readable } from 'node:stream'
import { type AuditFilter, rolesToGive } from '@sluis/people'
import { auditKinds, isId, type OrganisationId, SluisError } from '@sluis/shared'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { type AuditFormat, auditText } from '../audit-text.ts'
import type { HttpParts } from '../http-app.ts'
import { enter, idempotent, type RequestContext } from '../request-context.ts'
import { isoTime, organisationInAddress, strict } from '../strict-schema.ts'

const byId = z.object({ id: z.string().max(60) })
const name = z.string().trim().min(1).max(200)
const auditFilter = {
  /** The id of a person or a key, or `system`. */
  actor: z.string().min(1).max(60).optional(),
  /** An act, or how several begin: `person.`. */
  action: z.string().min(1).max(60).optional(),
  /** What it is about: the first part of its act. */
  kind: z.enum(auditKinds).optional(),
  subject: z.string().min(1).max(200).optional(),
  from: isoTime.optional(),
  until: isoTime.optional(),
}

/** Without what was not given. */
const defined = (filter: Readonly<Record<string, unknown>>): AuditFilter =>
  Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))

/** `/organisations` and the audit trail of one. */
export function organisationRoutes(app: FastifyInstance, { people, vault, engine }: HttpParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()

  /** The organisation in the path: the one that the request acts in or, for who reaches there, one below it. */
  const inPath = ({ caller, organisationId }: RequestContext, id: string): Promise<OrganisationId> => {
    if (!isId('org', id)) throw new SluisError('NOT_FOUND', 'There is no such organisation.')
    return people.resolveOrganisation({ ...caller, organisationId }, id)
  }

  routes.get(
    '/access',
    {
      schema: {
        tags: ['organisations'],
        summary: 'Who asks, in which organisation, and what they may do there',
      },
    },
    async (request) => {
      const { caller, organisationId } = await enter(request, people)
      return {
        kind: caller.kind,
        organisation: await people.getOrganisation(organisationId),
        scopes: [...caller.scopes],
        descendants: caller.mayDescend,
        databases: caller.databases,
        roles: caller.scopes.has('admin') ? rolesToGive(caller) : [],
      }
    },
  )

  routes.get(
    '/organisations',
    { schema: { tags: ['organisations'], summary: 'This organisation and those below' } },
    async (request) => {
      const { caller, organisationId } = await enter(request, people)
      const organisations = await people.listOrganisations(organisationId)
      return { organisations: caller.mayDescend ? organisations : organisations.slice(0, 1) }
    },
  )

  routes.post(
    '/organisations',
    {
      schema: {
        tags: ['organisations'],
        summary: 'A new organisation below this one',
        body: strict({
          name,
          slug: z
            .string()
            .regex(/^[a-z][a-z0-9-]{1,62}$/, 'has lower-case letters, digits and -')
            .optional(),
        }),
      },
    },
    async (request, reply) => {
      const { caller, organisationId } = await enter(request, people)
      const { name: wanted, slug } = request.body
      const { answer, isRepeated } = await vault.idempotency.once(
        organisationId,
        idempotent(request, 'POST /organisations', caller.actor),
        async (tx) => {
          const organisation = { name: wanted, ...(slug === undefined ? {} : { slug }) }
          const { id } = await people.createOrganisation(caller, organisationId, organisation, tx)
          return { status: 201, answer: { id } }
        },
      )
      const made = await people.getOrganisation(await inPath({ caller, organisationId }, answer.id))
      return reply.status(isRepeated ? 200 : 201).send(made)
    },
  )

  routes.get(
    '/organisations/:id',
    { schema: { tags: ['organisations'], summary: 'One organisation', params: byId } },
    async (request) => people.getOrganisation(await inPath(await enter(request, people), request.params.id)),
  )

  routes.patch(
    '/organisations/:id',
    {
      schema: {
        tags: ['organisations'],
        summary: 'Rename an organisation',
        params: byId,
        body: strict({ name }),
      },
    },
    async (request) => {
      const context = await enter(request, people)
      const id = await inPath(context, request.params.id)
      return people.renameOrganisation(context.caller, id, request.body.name)
    },
  )

  routes.delete(
    '/organisations/:id',
    {
      schema: {
        tags: ['organisations'],
        summary: 'Delete an organisation and all that is in it, for good',
        params: byId,
        body: strict({ name: z.string().max(200).describe('The name of the organisation, to be sure') }),
      },
    },
    async (request, reply) => {
      const context = await enter(request, people)
      const { caller } = context
      const id = await inPath(context, request.params.id)
      await people.deleteOrganisation(caller, id, request.body.name, async () => {
        const grants = await vault.shredOrganisation(id, caller.actor)
        await engine.forgetOrganisation(id, grants)
      })
      return reply.status(204).send()
    },
  )

  routes.get(
    '/audit',
    {
      schema: {
        tags: ['audit'],
        summary: 'What happened, newest first',
        querystring: strict({
          limit: z.coerce.number().int().min(1).max(1000).default(100),
          before: z.coerce.number().int().optional(),
          ...auditFilter,
        }),
      },
    },
    async (request) => {
      const { organisationId } = await enter(request, people)
      const { limit, before, ...filter } = request.query
      return { events: await people.audit.list(organisationId, limit, before ?? null, defined(filter)) }
    },
  )

  routes.get(
    '/audit/export',
    {
      schema: {
        tags: ['audit'],
        summary: 'The whole audit trail, oldest first, as a file',
        querystring: strict({
          format: z.enum(['ndjson', 'csv']).default('ndjson'),
          organisation: organisationInAddress,
          ...auditFilter,
        }),
      },
    },
    async (request, reply) => {
      const { organisationId } = await enter(request, people)
      const { format: wanted, organisation: _, ...filter } = request.query
      const format: AuditFormat = wanted
      const events = people.audit.all(organisationId, defined(filter))
      return reply
        .type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson')
        .header('Content-Disposition', `attachment; filename="audit-${organisationId}.${format}"`)
        .send(Readable.from(auditText(events, format), { objectMode: false }))
    },
  )
}
