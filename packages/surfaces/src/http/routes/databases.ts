import { type DatabaseSettings, type DatabaseSource, longestMaxAgeSeconds } from '@sluis/engine'
import { requireScope } from '@sluis/people'
import { type OrganisationId, SluisError } from '@sluis/shared'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { handoverNames, handoverShape, toHandover } from '../handover-schema.ts'
import type { HttpParts } from '../http-app.ts'
import { enter, idempotencyKey, requireDatabase } from '../request-context.ts'
import { strict } from '../strict-schema.ts'
import { grantBody, grantId, statusOfOutcome } from './grants.ts'

const name = z.string().min(1).max(80)
const title = z.string().max(200)
const sourceSchema = strict({
  alias: z.string().max(40).optional(),
  grant: z.string(),
  partitions: z
    .union([
      z.literal('all'),
      z
        .array(z.union([z.string(), z.number()]))
        .min(1)
        .max(10_000),
    ])
    .default('all'),
})
const sources = z.array(sourceSchema).min(1).max(20)
const byName = z.object({ name: z.string() })

/** What the database does where a statement does not say. */
const settings = {
  strict: z.boolean().optional(),
  maxAgeSeconds: z.number().int().min(1).max(longestMaxAgeSeconds).nullable().optional(),
}
const settingsOf = (body: {
  readonly strict?: boolean | undefined
  readonly maxAgeSeconds?: number | null | undefined
}): DatabaseSettings => ({
  ...(body.strict === undefined ? {} : { strict: body.strict }),
  ...(body.maxAgeSeconds === undefined ? {} : { maxAgeSeconds: body.maxAgeSeconds }),
})

const onGrants = strict({ name, title: title.optional(), sources, ...settings })
const withHandover = strict({
  name,
  title: title.optional(),
  ...settings,
  ...handoverShape,
  ...handoverNames,
  alias: z.string().max(40).optional(),
  partitions: sourceSchema.shape.partitions,
})
const creation = z.union([onGrants, withHandover], {
  // A union by itself says only "invalid input": what is wrong is told of the form that was meant.
  error: (issue) => {
    const meant = Object.hasOwn(Object(issue.input), 'sources') ? onGrants : withHandover
    const { error } = meant.safeParse(issue.input)
    return error?.issues
      .map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message))
      .join('; ')
  },
})

/** `/databases`: registration, from a grant or straight from credentials, and the catalogue. */
export function databaseRoutes(app: FastifyInstance, { people, vault, engine }: HttpParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()

  const toSources = (
    organisationId: OrganisationId,
    list: z.infer<typeof sources>,
  ): Promise<DatabaseSource[]> =>
    Promise.all(
      list.map(async ({ alias, grant, partitions }) => {
        const { id, platform, partitions: lent } = await vault.loans.reach(organisationId, grantId(grant))
        const withheld =
          lent === null || partitions === 'all'
            ? []
            : partitions.filter((each) => !lent.includes(String(each)))
        if (withheld.length > 0) {
          throw new SluisError(
            'INVALID_REQUEST',
            `Of this grant ${withheld.join(', ')} is not lent to this organisation.`,
            {
              hint: 'GET /api/v1/loans shows what is; "all" takes all of that.',
              details: { field: 'sources.partitions' },
            },
          )
        }
        return {
          alias: alias ?? engine.defaultAlias(platform),
          grant: id,
          platform,
          partitions: partitions === 'all' ? 'all' : partitions.map(String),
        }
      }),
    )

  routes.post(
    '/databases',
    { schema: { tags: ['databases'], summary: 'Register a database', body: creation } },
    async (request, reply) => {
      const { body } = request
      const context = await enter(request, people, 'databases:write')
      const { organisationId, caller } = context
      requireDatabase(context, body.name)
      const named = {
        name: body.name,
        ...(body.title === undefined ? {} : { title: body.title }),
        ...settingsOf(body),
      }
      if ('sources' in body) {
        const list = await toSources(organisationId, body.sources)
        const wanted = { ...named, sources: list }
        const key = idempotencyKey(request)
        if (key === null) return reply.status(201).send(await engine.createDatabase(organisationId, wanted))
        const { isRepeated, answer } = await vault.idempotency.once(
          organisationId,
          { key, route: 'POST /databases', body: JSON.stringify(body) },
          async (tx) => {
            await engine.reserveDatabase(tx, organisationId, wanted)
            return { status: 201, answer: { name: body.name } }
          },
        )
        if (!isRepeated) {
          // Usable at once: what must be asked of the platform is asked now and not in the first statement.
          for (const { grant } of list) await engine.readPartitions(organisationId, grant).catch(() => {})
        }
        const database = await engine.getDatabase(organisationId, answer.name)
        return reply.status(isRepeated ? 200 : 201).send(database)
      }
      requireScope(caller, 'handover:write')
      const alias = body.alias ?? engine.defaultAlias(body.platform)
      const partitions = body.partitions === 'all' ? 'all' : body.partitions.map(String)
      const key = idempotencyKey(request)
      const { outcome, grant } = await vault.handOver(toHandover(organisationId, body), {
        actor: caller.actor,
        beforeSpending: () => engine.assertNameFree(organisationId, body.name),
        reserve: (tx, grantId) =>
          engine.reserveDatabase(tx, organisationId, {
            ...named,
            sources: [{ alias, grant: grantId, platform: body.platform, partitions }],
          }),
        ...(key === null
          ? {}
          : { idempotency: { key, route: 'POST /databases', body: JSON.stringify(body) } }),
      })
      if (outcome !== 'open') await engine.readPartitions(organisationId, grant.id).catch(() => {})
      const database = await engine.getDatabase(organisationId, body.name)
      // The database is new even where its grant is not.
      const status = outcome === 'superseded' ? 201 : statusOfOutcome[outcome]
      return reply.status(status).send({ ...database, grant: grantBody(grant) })
    },
  )

  routes.get(
    '/databases',
    { schema: { tags: ['databases'], summary: 'List databases' } },
    async (request) => {
      const { organisationId, caller } = await enter(request, people, 'databases:read')
      const databases = await engine.listDatabases(organisationId)
      return {
        databases: databases.filter(
          (database) => caller.databases === null || caller.databases.includes(database.name),
        ),
      }
    },
  )

  routes.get(
    '/databases/:name',
    { schema: { tags: ['databases'], summary: 'One database', params: byName } },
    async (request) => {
      const context = await enter(request, people, 'databases:read')
      requireDatabase(context, request.params.name)
      return engine.getDatabase(context.organisationId, request.params.name)
    },
  )

  routes.patch(
    '/databases/:name',
    {
      schema: {
        tags: ['databases'],
        summary: 'Change a database',
        params: byName,
        body: strict({
          name: name.optional(),
          title: title.nullable().optional(),
          sources: sources.optional(),
          ...settings,
        }),
      },
    },
    async (request) => {
      const context = await enter(request, people, 'databases:write')
      requireDatabase(context, request.params.name)
      const { body } = request
      const list = body.sources && (await toSources(context.organisationId, body.sources))
      const changed = await engine.updateDatabase(context.organisationId, request.params.name, {
        ...(body.name === undefined ? {} : { name: body.name }),
        ...(body.title === undefined ? {} : { title: body.title }),
        ...(list ? { sources: list } : {}),
        ...settingsOf(body),
      })
      // Its keys go along: under its old name they would open whatever is called so next.
      if (changed.name !== request.params.name) {
        await people.moveKeys(context.organisationId, request.params.name, changed.name)
      }
      return changed
    },
  )

  routes.delete(
    '/databases/:name',
    { schema: { tags: ['databases'], summary: 'Remove a database; its grant stays', params: byName } },
    async (request, reply) => {
      const context = await enter(request, people, 'databases:write')
      requireDatabase(context, request.params.name)
      const { name } = await engine.getDatabase(context.organisationId, request.params.name)
      await people.moveKeys(context.organisationId, name, null)
      await engine.deleteDatabase(context.organisationId, name)
      return reply.status(204).send()
    },
  )

  routes.get(
    '/databases/:name/tables',
    {
      schema: {
        tags: ['catalogue'],
        summary: 'Tables',
        params: byName,
        querystring: strict({ q: z.string().max(100).optional() }),
      },
    },
    async (request) => {
      const context = await enter(request, people, 'databases:read')
      requireDatabase(context, request.params.name)
      const tables = await engine.listTables(context.organisationId, request.params.name, request.query.q)
      return {
        tables: tables.map(({ schema, source, table }) => ({
          schema,
          name: table.name,
          source,
          columns: table.columns.length,
          ...(table.parameters === undefined ? {} : { isFunction: true }),
        })),
      }
    },
  )

  routes.get(
    '/databases/:name/tables/:table',
    {
      schema: {
        tags: ['catalogue'],
        summary: 'One table with its columns',
        params: z.object({ name: z.string(), table: z.string() }),
      },
    },
    async (request) => {
      const context = await enter(request, people, 'databases:read')
      requireDatabase(context, request.params.name)
      const dot = request.params.table.lastIndexOf('.')
      if (dot < 0) {
        throw new SluisError('NOT_FOUND', 'A table is named schema.table.', {
          hint: 'For instance crm.Accounts.',
        })
      }
      const { schema, source, table, filterOf } = await engine.getTable(
        context.organisationId,
        request.params.name,
        request.params.table.slice(0, dot),
        request.params.table.slice(dot + 1),
      )
      return {
        schema,
        name: table.name,
        source,
        partitionColumn: table.partitionColumn,
        ...(table.parameters === undefined ? {} : { isFunction: true, parameters: table.parameters }),
        columns: table.columns.map(({ name: column, type, isNullable, isKey }, index) => ({
          name: column,
          type: typeof type === 'string' ? type : 'LIST(STRUCT)',
          ...(typeof type === 'string'
            ? {}
            : { fields: type.list.map((field) => ({ name: field.name, type: field.type })) }),
          isNullable,
          isKey,
          // How the platform itself answers `column = value`.
          filter: filterOf(index),
        })),
      }
    },
  )

  routes.get(
    '/databases/:name/partitions',
    { schema: { tags: ['catalogue'], summary: 'Partitions, as read last', params: byName } },
    async (request) => {
      const context = await enter(request, people, 'databases:read')
      requireDatabase(context, request.params.name)
      return { partitions: await engine.listPartitions(context.organisationId, request.params.name) }
    },
  )
}
