import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { browserOf, recogniseBrowser } from '../consent-cookie.ts'
import type { HttpParts } from '../http-app.ts'
import { strict } from '../strict-schema.ts'

/** What stands behind the `#` of an address that was given to somebody. */
export const addressSecret = strict({
  secret: z.string().regex(/^[\w-]{43}$/, 'is not the secret of a start address'),
})

/** `/consents`: for the pages that a user's browser goes through, logged in or not. */
export function consentRoutes(app: FastifyInstance, { vault, publicUrl }: HttpParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const { preauthentications, consentEnds, connectVisits, platforms } = vault
  const tags = ['preauthentication']

  routes.post(
    '/consents/look',
    { schema: { tags, summary: 'Who asks for what, before anything happens', body: addressSecret } },
    async (request) => {
      const asked = await preauthentications.look(request.body.secret)
      return { ...asked, platformLabel: platforms.get(asked.platform)?.label ?? asked.platform }
    },
  )

  routes.post(
    '/consents/start',
    {
      schema: {
        tags,
        summary: 'Bind a consent to this browser; gives the platform’s page',
        body: addressSecret,
      },
    },
    async (request, reply) => {
      const browser = recogniseBrowser(request, reply, publicUrl)
      return preauthentications.start(request.body.secret, browser)
    },
  )

  routes.post(
    '/consents/return',
    {
      schema: {
        tags,
        summary: 'The browser came back: its whole address, with the cookie of the start',
        body: strict({ url: z.string().min(1).max(20_000) }),
      },
    },
    async (request) => {
      const browser = browserOf(request, publicUrl)
      const { url } = request.body
      const end = await connectVisits.returned(url, browser)
      return end === null ? consentEnds.returned(url, browser) : { connect: end }
    },
  )
}
