import type { FastifyInstance } from 'fastify'
import type { HttpParts } from '../http-app.ts'
import { enter } from '../request-context.ts'

/** `/platforms`: where credentials can be handed over for, and how long they live there. */
export function platformRoutes(app: FastifyInstance, { people, vault, engine }: HttpParts): void {
  app.get(
    '/platforms',
    { schema: { tags: ['grants'], summary: 'Platforms with their regions and the lives of their tokens' } },
    async (request) => {
      await enter(request, people)
      return {
        platforms: [...vault.platforms.values()].map(({ id, label, policy, regions, consent }) => ({
          id,
          label,
          accessTokenSeconds: policy.accessTokenSeconds,
          refreshIdleSeconds: policy.refreshIdleSeconds,
          codeSeconds: policy.codeSeconds,
          isRefreshTokenSingleUse: policy.rotation === 'single-use',
          hasTables: engine.hasTables(id),
          consent: consent
            ? {
                scopes: consent.scope && { always: consent.scope.always, usual: consent.scope.usual },
                takesPkce: consent.takesPkce,
              }
            : null,
          regions: [...regions.values()].map((region) => ({
            id: region.id,
            label: region.label,
            isOperators: region.isOperators,
          })),
        })),
      }
    },
  )
}
