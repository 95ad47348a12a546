import {
  longestMaxAgeSeconds,
  parseCacheControl,
  type QueryRequest,
  type ResultFormat,
  type StatementRecord,
  type StatementRun,
} from '@sluis/engine'
import type { People } from '@sluis/people'
import { isId, SluisError, type StatementId } from '@sluis/shared'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { HttpParts } from '../http-app.ts'
import { enter, type RequestContext, requireDatabase } from '../request-context.ts'
import { organisationInAddress, strict } from '../strict-schema.ts'

const mediaTypes: Readonly<Record<ResultFormat, string>> = {
  json: 'application/json',
  ndjson: 'application/x-ndjson',
  csv: 'text/csv; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
}

/** The format that `Accept` asks for; JSON unless it names another one of ours. */
export function formatOf(accept: string | undefined): ResultFormat {
  for (const [format, type] of Object.entries(mediaTypes)) {
    if (accept?.includes(type.split(';')[0] ?? '')) return format as ResultFormat
  }
  if (accept === undefined || accept === '' || /\*\/\*|application\/\*|text\/html/.test(accept)) return 'json'
  throw new SluisError('INVALID_REQUEST', 'No answer has the media type that Accept asks for.', {
    hint: `Use one of ${Object.values(mediaTypes).join(', ')}.`,
    details: { field: 'Accept' },
  })
}

const querySchema = strict({
  sql: z.string().min(1).max(2_000_000),
  parameters: z
    .union([z.array(z.unknown()), z.record(z.string(), z.unknown())])
    .optional()
    .describe('An array for `$1`, an object for `$name`.'),
  maxRows: z.number().int().min(0).max(100_000_000).optional(),
  timeoutMs: z
    .number()
    .int()
    .min(1)
    .max(7 * 86_400_000)
    .optional(),
  strict: z.boolean().optional(),
  maxAgeSeconds: z.number().int().min(0).max(longestMaxAgeSeconds).optional(),
})
z.globalRegistry.add(querySchema, { id: 'Question' })
const byName = z.object({ name: z.string() })
const byId = z.object({ name: z.string(), id: z.string() })

function statementId(text: string): StatementId {
  if (isId('stm', text)) return text
  throw new SluisError('NOT_FOUND', 'There is no such statement.')
}

function toQuery(
  context: RequestContext,
  database: string,
  body: z.infer<typeof querySchema>,
  cacheControl: string | undefined,
): Omit<QueryRequest, 'format'> {
  const wish = parseCacheControl(cacheControl)
  if (wish === null) {
    throw new SluisError('INVALID_REQUEST', 'max-age in Cache-Control is no whole number of seconds.', {
      details: { field: 'Cache-Control' },
    })
  }
  return {
    organisationId: context.organisationId,
    database,
    sql: body.sql,
    actor: context.caller.actor,
    mayWrite: context.caller.scopes.has('query:write'),
    ...(body.parameters === undefined ? {} : { parameters: body.parameters }),
    ...(body.maxRows === undefined ? {} : { maxRows: body.maxRows }),
    ...(body.timeoutMs === undefined ? {} : { timeoutMs: body.timeoutMs }),
    ...(body.strict === undefined ? {} : { strict: body.strict }),
    freshness: {
      ...wish,
      ...(body.maxAgeSeconds === undefined ? {} : { maxAgeSeconds: body.maxAgeSeconds }),
    },
  }
}

function sendRun(reply: FastifyReply, run: StatementRun): FastifyReply {
  reply.header('Sluis-Statement', run.id).type(mediaTypes[run.format])
  // RFC 9111 § 5.1: only where something was not asked for anew.
  if (run.ageSeconds !== undefined) reply.header('Age', String(run.ageSeconds))
  if (run.warnings.length > 0) {
    // A header holds no line break and no other alphabet.
    reply.header(
      'Sluis-Warnings',
      run.warnings.map((text) => encodeURIComponent(text).replaceAll('%20', ' ')).join('; '),
    )
  }
  return reply.send(run.body)
}

/** Records with the names of who ran them, which are asked for once. */
export async function withNames(people: People, records: readonly StatementRecord[]) {
  const names = await people.audit.namesOf(records.map(({ actor }) => actor))
  return records.map((record) => ({ ...record, actorName: names.get(record.actor) ?? null }))
}

/** Aborts when the client goes away before the answer has begun. */
function abortOnDisconnect(reply: FastifyReply): AbortSignal {
  const stop = new AbortController()
  const onClose = () => {
    if (!reply.raw.writableEnded) stop.abort(new SluisError('QUERY_CANCELLED', 'The client went away.'))
  }
  reply.raw.once('close', onClose)
  if (reply.raw.destroyed) onClose()
  return stop.signal
}

/** Queries, explanations and the records of statements. */
export function statementRoutes(app: FastifyInstance, { people, engine }: HttpParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()

  routes.post(
    '/databases/:name/query',
    { schema: { tags: ['query'], summary: 'Run a statement', params: byName, body: querySchema } },
    async (request, reply) => {
      const context = await enter(request, people, 'query')
      requireDatabase(context, request.params.name)
      const query = {
        ...toQuery(context, request.params.name, request.body, request.headers['cache-control']),
        format: formatOf(request.headers.accept),
      }
      if (/\brespond-async\b/.test(String(request.headers.prefer ?? ''))) {
        const record = await engine.start(query)
        return reply
          .status(202)
          .header('Sluis-Statement', record.id)
          .header(
            'Location',
            `/api/v1/databases/${encodeURIComponent(request.params.name)}/statements/${record.id}`,
          )
          .send((await withNames(people, [record]))[0])
      }
      return sendRun(reply, await engine.query({ ...query, signal: abortOnDisconnect(reply) }))
    },
  )

  routes.post(
    '/databases/:name/explain',
    {
      schema: {
        tags: ['query'],
        summary: 'What a statement would cost; makes no call',
        params: byName,
        body: querySchema,
      },
    },
    async (request) => {
      const context = await enter(request, people, 'query')
      requireDatabase(context, request.params.name)
      return engine.explain(
        toQuery(context, request.params.name, request.body, request.headers['cache-control']),
      )
    },
  )

  const mine = ({ caller }: RequestContext) => (caller.scopes.has('audit:read') ? undefined : caller.actor)

  routes.get(
    '/databases/:name/statements',
    {
      schema: {
        tags: ['query'],
        summary: 'What ran, newest first',
        params: byName,
        querystring: strict({
          limit: z.coerce.number().int().min(1).max(500).default(100),
          after: z
            .string()
            .refine((text) => isId('stm', text), 'Not a cursor that an answer gave')
            .optional(),
        }),
      },
    },
    async (request) => {
      const context = await enter(request, people)
      requireDatabase(context, request.params.name)
      const { limit, after } = request.query
      const actor = mine(context)
      const statements = await engine.listStatements(context.organisationId, request.params.name, {
        limit,
        ...(actor === undefined ? {} : { actor }),
        ...(after === undefined ? {} : { after: statementId(after) }),
      })
      const last = statements.length === limit ? statements.at(-1) : undefined
      return { statements: await withNames(people, statements), ...(last ? { after: last.id } : {}) }
    },
  )

  const own = async (context: RequestContext, database: string, id: string) => {
    requireDatabase(context, database)
    const record = await engine.getStatement(context.organisationId, database, statementId(id))
    const actor = mine(context)
    if (actor !== undefined && record.actor !== actor) {
      throw new SluisError('NOT_FOUND', 'There is no such statement.', {
        hint: 'Statements of other keys need the scope audit:read.',
      })
    }
    return record
  }

  routes.get(
    '/databases/:name/statements/:id',
    { schema: { tags: ['query'], summary: 'State and progress', params: byId } },
    async (request) => {
      const context = await enter(request, people)
      const [record] = await withNames(people, [await own(context, request.params.name, request.params.id)])
      return record
    },
  )

  routes.get(
    '/databases/:name/statements/:id/result',
    {
      schema: {
        tags: ['query'],
        summary: 'Rows of an asynchronous statement',
        params: byId,
        querystring: strict({
          format: z
            .enum(['json', 'ndjson', 'csv', 'parquet'])
            .optional()
            .describe('As a file in this format, for a link; without it `Accept` says the format.'),
          organisation: organisationInAddress,
        }),
      },
    },
    async (request, reply) => {
      const context = await enter(request, people, 'query')
      const record = await own(context, request.params.name, request.params.id)
      // Without a wish the rows come as they were asked for at the start.
      const { accept } = request.headers
      const isWished = Object.values(mediaTypes).some((type) => accept?.includes(type.split(';')[0] ?? ''))
      const { format: wished } = request.query
      const format = wished ?? (isWished ? formatOf(accept) : undefined)
      if (wished !== undefined) {
        // Names of databases are of letters, digits, dashes and underscores.
        const file = `${request.params.name}-${record.id.slice(-6)}.${wished}`
        reply.header('Content-Disposition', `attachment; filename="${file}"`)
      }
      return sendRun(
        reply,
        await engine.getResult(context.organisationId, request.params.name, record.id, format),
      )
    },
  )

  routes.delete(
    '/databases/:name/statements/:id',
    { schema: { tags: ['query'], summary: 'Cancel', params: byId } },
    async (request, reply) => {
      const context = await enter(request, people, 'query')
      const record = await own(context, request.params.name, request.params.id)
      await engine.cancelStatement(context.organisationId, request.params.name, record.id)
      return reply.status(204).send()
    },
  )
}
