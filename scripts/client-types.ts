import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** As much of JSON Schema as our description uses. @see https://json-schema.org/draft/2020-12/json-schema-validation */
export interface Schema {
  readonly $ref?: string
  readonly description?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly pattern?: string
}
type Content = Readonly<Record<string, { readonly schema: Schema }>>
interface Operation {
  readonly summary?: string
  readonly parameters?: readonly {
    readonly in: string
    readonly name: string
    readonly required?: boolean
    readonly schema: Schema
  }[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}
/** An OpenAPI 3.1 document. @see https://spec.openapis.org/oas/v3.1.0 */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

const json = 'application/json'
const lines = 'application/x-ndjson'

/** Types of everything that the API takes and answers, as a module that is made of its description. */
export function clientTypes(document: ApiDocument, prefix: string, madeBy: string): string {
  const named = Object.entries(document.components.schemas)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, schema]) =>
      schema.properties === undefined
        ? `export type ${name} = ${typeOf(schema)}`
        : `export interface ${name} ${typeOf(schema)}`,
    )
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      if (!path.startsWith(prefix)) throw new Error(`${path} is not below ${prefix}`)
      const name = `${method.toUpperCase()} ${path.slice(prefix.length)}`
      return `${comment(operation.summary)}readonly ${JSON.stringify(name)}: ${routeType(operation)}`
    }),
  )
  return formatted(`// ${madeBy}

${named.join('\n\n')}

/** Every route below \`${prefix}\`: what it takes, and what it answers by status. */
export interface Routes {
${routes.join('\n\n')}
}

export type Route = keyof Routes
/** What a route answers when it succeeds. */
export type Answer<R extends Route> = Routes[R] extends { readonly answers: infer A } ? A[keyof A] : never
/** What is sent to a route. */
export type Body<R extends Route> = Routes[R] extends { readonly body?: infer B } ? Exclude<B, undefined> : never
/** What a route's address holds behind the \`?\`. */
export type Query<R extends Route> = Routes[R] extends { readonly query?: infer Q } ? Exclude<Q, undefined> : never
`)
}

function routeType({ parameters = [], requestBody, responses }: Operation): string {
  const group = (place: string) => {
    const some = parameters.filter((parameter) => parameter.in === place)
    if (some.length === 0) return ''
    const members = some.map(({ name, required, schema }) => member(name, schema, required === true))
    const isOptional = some.every(({ required }) => required !== true)
    return `readonly ${place}${isOptional ? '?' : ''}: { ${members.join('\n')} }\n`
  }
  const sent = (type: string, name: string) => {
    const schema = requestBody?.content[type]?.schema
    if (schema === undefined) return ''
    // Where nothing is required the body may be left out: that means `{}`.
    const isOptional = schema.properties !== undefined && (schema.required ?? []).length === 0
    return `readonly ${name}${isOptional ? '?' : ''}: ${typeOf(schema)}\n`
  }
  const answers = Object.entries(responses).flatMap(([status, { content }]) => {
    if (!/^2/.test(status)) return []
    if (status === '204') return [`readonly 204: undefined`]
    const schema = content?.[json]?.schema
    return schema === undefined ? [] : [`readonly ${status}: ${typeOf(schema)}`]
  })
  const line = Object.values(responses).flatMap(({ content }) => content?.[lines]?.schema ?? [])[0]
  return `{
${group('path')}${group('query')}${sent(json, 'body')}${sent(lines, 'bodyLine')}${
  answers.length > 0 ? `readonly answers: { ${answers.join('\n')} }\n` : ''
}${line === undefined ? '' : `readonly answerLine: ${typeOf(line)}\n`}}`
}

const comment = (text: string | undefined) =>
  text === undefined ? '' : `/** ${text.replaceAll('*/', '*\\/')} */\n`

const member = (name: string, schema: Schema, isRequired: boolean) =>
  `${comment(schema.description)}readonly ${/^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name)}${isRequired ? '' : '?'}: ${typeOf(schema)}`

/** A schema as a TypeScript type. A form that is not foreseen is an error: it would come out as something it is not. */
export function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1)
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  const choices = schema.anyOf ?? schema.oneOf
  if (choices) return [...new Set(choices.map(typeOf))].join(' | ')
  const { type } = schema
  if (typeof type === 'object') return type.map((one) => typeOf({ ...schema, type: one })).join(' | ')
  switch (type) {
    case 'string': {
      const [, start] = /^\^([a-z]+_)$/.exec(schema.pattern ?? '') ?? []
      return start === undefined ? 'string' : `\`${start}\${string}\``
    }
    case 'number':
    case 'integer':
      return 'number'
    case 'boolean':
    case 'null':
      return type
    case 'array': {
      const item = typeOf(schema.items ?? {})
      return `readonly ${/[ |&]/.test(item) && !/^\{.*\}$/s.test(item) ? `(${item})` : item}[]`
    }
    case 'object': {
      const required = new Set(schema.required)
      const members = Object.entries(schema.properties ?? {}).map(([name, part]) =>
        member(name, part, required.has(name)),
      )
      const { additionalProperties: others } = schema
      if (typeof others === 'object') members.push(`readonly [name: string]: ${othersType(others, members)}`)
      if (members.length === 0) return 'Readonly<Record<string, never>>'
      return `{${members[0]?.startsWith('/**') ? '\n' : ' '}${members.join('\n')} }`
    }
    case undefined:
      return 'unknown'
    default:
      throw new Error(`No type is known for ${JSON.stringify(schema)}`)
  }
}

/** Members that are named must be of what the others are. */
const othersType = (schema: Schema, members: readonly string[]) =>
  members.length === 0 ? typeOf(schema) : 'unknown'

function formatted(text: string): string {
  const biome = fileURLToPath(new URL('../node_modules/.bin/biome', import.meta.url))
  const { stdout, stderr, status } = spawnSync(
    biome,
    ['format', '--stdin-file-path=packages/sdk/src/api-types.ts'],
    { input: text, encoding: 'utf8', cwd: fileURLToPath(new URL('..', import.meta.url)) },
  )
  if (status !== 0) throw new Error(`The types cannot be formatted: ${stderr}`)
  return stdout
}
