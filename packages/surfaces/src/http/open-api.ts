import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { problemAnswer } from './answers/common.ts'
import { batchOutcome } from './answers/webhooks.ts'
import { batchLineSchema } from './batch-handover.ts'
import { apiPrefix } from './route-access.ts'
import { routeAnswers } from './route-answers.ts'

const batch = 'POST /handovers/batch'

/** How the API describes itself: what the routes declare, with what they answer. */
export function describedBy(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Sluis',
        version,
        description: 'OAuth credentials that were obtained somewhere else become SQL databases.',
      },
      components: {
        securitySchemes: {
          key: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: 'sluis.session_token' },
        },
      },
      security: [{ key: [] }, { session: [] }],
    },
    transform: (route) => jsonSchemaTransform({ ...route, schema: withAnswers(route) }),
    transformObject: (document) => onlyWhatIsUsed(jsonSchemaTransformObject(document) as Document),
  }
}

/** A route's schema with what it answers, for the description only. */
function withAnswers({ schema, url, route }: Parameters<typeof jsonSchemaTransform>[0]) {
  const name = `${String(route.method)} ${url.slice(apiPrefix.length)}`
  if (name === batch) {
    // Its lines are read as they come, so the route itself declares no body.
    const lines = { content: { 'application/x-ndjson': { schema: batchOutcome } } }
    return { ...schema, body: batchLineSchema, response: { 200: lines, default: problemAnswer } }
  }
  const answers = routeAnswers[name]
  return answers ? { ...schema, response: { ...answers, default: problemAnswer } } : schema
}

type Document = ReturnType<typeof jsonSchemaTransformObject> & {
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> }
}

/**
 * A schema is listed as it is sent and as it is answered (`GrantInput`, `Grant`), whether both are used or not: what
 * nothing refers to is left out, and what is only ever sent needs no second name.
 */
function onlyWhatIsUsed(document: Document): ReturnType<typeof jsonSchemaTransformObject> {
  const { schemas } = document.components
  const used = new Set<string>()
  const visit = (part: unknown): void => {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (used.has(name)) continue
      used.add(name)
      visit(schemas[name])
    }
  }
  visit(document.paths)
  const shortened = (name: string) => {
    const short = name.replace(/Input$/, '')
    return used.has(short) ? name : short
  }
  const kept = Object.entries(schemas).filter(([name]) => used.has(name))
  const left = {
    ...document,
    components: { ...document.components, schemas: Object.fromEntries(kept) },
  }
  return JSON.parse(
    JSON.stringify(left, (key, value) =>
      key === 'schemas'
        ? Object.fromEntries(
            Object.entries(value as object).map(([name, schema]) => [shortened(name), schema]),
          )
        : value,
    ).replaceAll(
      /"#\/components\/schemas\/([^"]+)"/g,
      (_, name: string) => `"#/components/schemas/${shortened(name)}"`,
    ),
  )
}
