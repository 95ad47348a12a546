import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { HttpParts } from '../http-app.ts'
import { enter, requireDatabase } from '../request-context.ts'
import { withNames } from './statements.ts'

/** What statements cost and what is left: figures for a page that watches. None of them asks the platform. */
export function usageRoutes(app: FastifyInstance, { people, engine }: HttpParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()

  routes.get(
    '/usage',
    {
      schema: {
        tags: ['query'],
        summary: 'Statements of the last seven days by day and by error, and those that run now',
      },
    },
    async (request) => {
      const { organisationId, caller } = await enter(request, people)
      const { running, ...figures } = await engine.usage(organisationId, {
        ...(caller.scopes.has('audit:read') ? {} : { actor: caller.actor }),
        ...(caller.databases === null ? {} : { databases: caller.databases }),
      })
      return { ...figures, running: await withNames(people, running) }
    },
  )

  routes.get(
    '/databases/:name/budgets',
    {
      schema: {
        tags: ['query'],
        summary: 'Calls that are left, by source, partition and window',
        params: z.object({ name: z.string() }),
      },
    },
    async (request) => {
      const context = await enter(request, people)
      requireDatabase(context, request.params.name)
      return { budgets: await engine.listBudgets(context.organisationId, request.params.name) }
    },
  )
}
