import { isId, SluisError } from '@sluis/shared'
import { connectLanguages, isBrandColour } from '@sluis/vault'
import type { FastifyInstance } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { browserOf, recogniseBrowser } from '../consent-cookie.ts'
import type { HttpParts } from '../http-app.ts'
import { originOf } from '../origin.ts'
import { enter, idempotent } from '../request-context.ts'
import { scopeText, strict } from '../strict-schema.ts'
import { addressSecret } from './consents.ts'
import { returnPath } from './preauthentications.ts'

/** Where customers open a link, with its secret behind the `#`. */
export const connectPath = '/app/connect'

const byId = z.object({ id: z.string().max(60) })
/** No control characters and none that turn the direction of reading: a name must not pass for another. */
const line = /^[^\p{C}\p{Zl}\p{Zp}]*$/u
const lines = /^(?:[^\p{C}\p{Zl}\p{Zp}]|\n)*$/u
const shown = (most: number, form: RegExp) =>
  z.string().trim().min(1).max(most).regex(form, 'has characters that cannot be shown')
const brandText = shown(600, lines).nullable().optional()
/** Larger than the largest logo, so that the fault is told in pixels and bytes. */
const logo = z.base64().max(200_000)

const settingsBody = strict({
  name: shown(80, line).nullable().optional(),
  colour: z.string().refine(isBrandColour, 'is not a colour as #0b7285').nullable().optional(),
  logo: logo.nullable().optional(),
  texts: strict({ en: brandText, nl: brandText }).optional(),
  origin: z.string().max(300).nullable().optional(),
  returnAddresses: z.array(z.string()).max(1000).optional(),
})
const linkBody = strict({
  platform: z.string().min(1).max(60).optional(),
  region: z.string().min(1).max(60).optional(),
  client: z.string().max(60),
  returnAddress: z.string().max(3000),
  scopes: z.array(scopeText).max(100).optional(),
  label: z.string().max(200).optional(),
  externalId: z.string().min(1).max(200).optional(),
  renews: z.string().max(60).optional(),
  returnState: z.string().min(1).max(500).optional(),
  language: z.enum(connectLanguages).optional(),
  validForSeconds: z
    .number()
    .int()
    .min(60)
    .max(30 * 86_400)
    .optional(),
})

/** What was given, without what was left out. */
type Given<T> = { readonly [K in keyof T]: Exclude<T[K], undefined> }
const given = <T extends object>(values: T) =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<Given<T>>

/** `/connect-settings`, `/connect-links`, and what the page of a link asks. */
export function connectRoutes(app: FastifyInstance, { people, vault, publicUrl }: HttpParts): void {
  const routes = app.withTypeProvider<ZodTypeProvider>()
  const { connectLinks, connectVisits, connectSettings } = vault
  const tags = ['connect']

  routes.get(
    '/connect-settings',
    { schema: { tags, summary: 'How connect pages look, and where they may send customers' } },
    async (request) => {
      const { organisationId } = await enter(request, people, 'connect:write')
      return connectSettings.get(organisationId)
    },
  )

  routes.patch(
    '/connect-settings',
    { schema: { tags, summary: 'Change what is given; null takes it away', body: settingsBody } },
    async (request) => {
      const { organisationId, caller } = await enter(request, people, 'connect:write')
      const { logo: picture, texts, ...rest } = request.body
      const change = {
        ...given(rest),
        ...(texts === undefined ? {} : { texts: given(texts) }),
        ...(picture === undefined ? {} : { logo: picture === null ? null : Buffer.from(picture, 'base64') }),
      }
      return connectSettings.change(organisationId, change, caller.actor)
    },
  )

  routes.post(
    '/connect-links',
    {
      schema: {
        tags,
        summary: 'Make a link for one customer; its address is given this once',
        body: linkBody,
      },
    },
    async (request, reply) => {
      const { organisationId, caller } = await enter(request, people, 'connect:write')
      const { client, renews, ...rest } = request.body
      if (renews !== undefined) refuseBesideRenewal(rest)
      const wanted = {
        ...given(rest),
        returnAddress: rest.returnAddress,
        client: asId('cli', client, 'client', 'GET /api/v1/clients lists them.'),
        ...(renews === undefined
          ? {}
          : { renews: asId('grt', renews, 'renews', 'GET /api/v1/grants lists them.') }),
      }
      const made = await connectLinks.create(organisationId, wanted, caller.actor, {
        origin: originOf(request, publicUrl),
        returnPath,
        request: idempotent(request, 'POST /connect-links'),
      })
      const { link, origin, secret, isRepeated } = made
      return reply
        .status(isRepeated ? 200 : 201)
        .send({ ...link, url: `${origin}${connectPath}#${secret.reveal()}` })
    },
  )

  routes.get(
    '/connect-links',
    {
      schema: {
        tags,
        summary: 'The newest links, and what became of them',
        querystring: strict({ externalId: z.string().max(200).optional() }),
      },
    },
    async (request) => {
      const { organisationId } = await enter(request, people, 'connect:write')
      return { links: await connectLinks.list(organisationId, request.query.externalId) }
    },
  )

  routes.get(
    '/connect-links/:id',
    { schema: { tags, summary: 'What became of a link', params: byId } },
    async (request) => {
      const { organisationId } = await enter(request, people, 'connect:write')
      return connectLinks.get(organisationId, request.params.id)
    },
  )

  routes.delete(
    '/connect-links/:id',
    { schema: { tags, summary: 'Take a link back; what came of it stays', params: byId } },
    async (request, reply) => {
      const { organisationId, caller } = await enter(request, people, 'connect:write')
      await connectLinks.revoke(organisationId, request.params.id, caller.actor)
      return reply.status(204).send()
    },
  )

  routes.post(
    '/connect/look',
    { schema: { tags, summary: 'Who asks for what, or why it goes no further', body: addressSecret } },
    async (request) => connectVisits.look(request.body.secret, browserOf(request, publicUrl)),
  )

  routes.post(
    '/connect/start',
    {
      schema: {
        tags,
        summary: 'Bind a link to this browser; gives the platform’s page',
        body: addressSecret,
      },
    },
    async (request, reply) => {
      const browser = recogniseBrowser(request, reply, publicUrl)
      return connectVisits.start(request.body.secret, browser)
    },
  )

  routes.post(
    '/connect/cancel',
    { schema: { tags, summary: 'The customer does not want to; gives the way back', body: addressSecret } },
    async (request, reply) => {
      const browser = recogniseBrowser(request, reply, publicUrl)
      return connectVisits.cancel(request.body.secret, browser)
    },
  )
}

/** A renewal keeps what the grant has. */
function refuseBesideRenewal(rest: Readonly<Record<string, unknown>>): void {
  const field = ['platform', 'region', 'label', 'externalId'].find((name) => rest[name] !== undefined)
  if (field === undefined) return
  throw new SluisError('INVALID_REQUEST', `${field} is the grant's where a link renews one.`, {
    hint: `Leave ${field} out.`,
    details: { field },
  })
}

function asId<Prefix extends 'cli' | 'grt'>(prefix: Prefix, text: string, field: string, hint: string) {
  if (isId(prefix, text)) return text
  throw new SluisError('INVALID_REQUEST', `${field} is not an id that starts with ${prefix}_.`, {
    hint,
    details: { field },
  })
}
