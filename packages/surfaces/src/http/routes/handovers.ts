import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { BatchHandover } from '../batch-handover.ts'
import type { HttpParts } from '../http-app.ts'
import { inLanes } from '../in-lanes.ts'
import { ndjsonLines } from '../ndjson-lines.ts'
import { toProblem } from '../problem.ts'
import { enter } from '../request-context.ts'
import { strict } from '../strict-schema.ts'

const mostLineBytes = 256 << 10
/** Lines at the same time: few enough for any platform's limits on calls at once. */
const lanes = 8

/** `/handovers/batch`: many handovers in one request, a line each way. */
export function handoverRoutes(app: FastifyInstance, { people, vault, engine }: HttpParts): void {
  app.register(async (scope) => {
    // Read as it comes: the size of a batch has no limit, only that of a line.
    scope.addContentTypeParser('application/x-ndjson', (_, payload, done) => done(null, payload))
    scope.withTypeProvider<ZodTypeProvider>().post(
      '/handovers/batch',
      {
        schema: {
          tags: ['grants'],
          summary: 'Hand over many at once: NDJSON in, one outcome a line out, as each is known',
          description:
            'A line is the body of POST /grants with, if wanted, "id" (comes back), "organisation" (one below) and "database" {"name",…}. The same line again is the same request: a batch that broke off is resumed by sending it again. With ?dryRun=true nothing is stored or sent.',
          consumes: ['application/x-ndjson'],
          querystring: strict({ dryRun: z.enum(['true', 'false']).default('false') }),
        },
      },
      async (request, reply) => {
        const { caller, organisationId } = await enter(request, people, 'handover:write')
        const isDryRun = request.query.dryRun === 'true'
        const batch = new BatchHandover({ people, vault, engine, caller, organisationId, isDryRun })
        const chunks = request.body instanceof Readable ? request.body : Readable.from([])
        const outcomes = async function* () {
          try {
            const lines = ndjsonLines(chunks, mostLineBytes)
            for await (const outcome of inLanes(lines, lanes, (line) => batch.take(line))) {
              yield `${JSON.stringify(outcome)}\n`
            }
          } catch (error) {
            // The status is out long ago: what stopped the batch is its last line.
            yield `${JSON.stringify({ error: toProblem(error) })}\n`
          }
        }
        return reply.type('application/x-ndjson').send(Readable.from(outcomes(), { objectMode: false }))
      },
    )
  })
}
