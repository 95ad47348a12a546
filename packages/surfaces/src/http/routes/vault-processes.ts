import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { HttpParts } from '../http-app.ts'
import { enter, requireInstallation } from '../request-context.ts'
import { strict } from '../strict-schema.ts'

/** `/vault`: what an operator is asked after the database was found to be an older copy of itself. */
export function vaultProcessRoutes(app: FastifyInstance, { people, vault }: HttpParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const processes = 'The processes of the vault belong'

  routes.get(
    '/vault/awaited',
    { schema: { tags: ['vault'], summary: 'Processes whose spools a recovery still waits for' } },
    async (request) => {
      const { organisationId } = await enter(request, people, 'admin')
      await requireInstallation(people, organisationId, processes)
      return { processes: await vault.awaitedProcesses() }
    },
  )

  routes.post(
    '/vault/assume-lost',
    {
      schema: {
        tags: ['vault'],
        summary: 'Give up a process whose disk is gone for good; what only it knew is lost',
        body: strict({ process: z.string().min(1).max(100) }),
      },
    },
    async (request) => {
      const { organisationId } = await enter(request, people, 'admin')
      await requireInstallation(people, organisationId, processes)
      await vault.assumeLost(request.body.process)
      return { processes: await vault.awaitedProcesses() }
    },
  )
}
