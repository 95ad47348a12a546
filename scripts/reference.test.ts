import assert from 'node:assert/strict'
import { test } from 'node:test'
import { typeOf } from './client-types.ts'
import { outdatedFiles, referencePages } from './reference.ts'

test('the reference and the clients’ types are what the code declares', async () => {
  assert.deepEqual(await outdatedFiles(), [], 'run "node run.mjs reference" and commit what it writes')
})

test('the reference names every option and code', () => {
  const pages = [...referencePages().values()].join('\n')
  for (const name of ['SLUIS_HOME', 'SLUIS_UNSAFE_CLOCK_URL', 'HANDOVER_TOKEN_EXPIRED', 'KEY_UNUSABLE'])
    assert.ok(pages.includes(`\`${name}\``), name)
})

test('the forms of a schema become the types that hold the same values', () => {
  const text = { type: 'string' }
  for (const [schema, type] of [
    [text, 'string'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a type as it stands in a file
    [{ type: 'string', pattern: '^cli_' }, '`cli_${string}`'],
    [{ type: 'string', pattern: '^[a-z]+$' }, 'string'],
    [{ type: 'string', enum: ['a', 'b'] }, '"a" | "b"'],
    [{ const: true, type: 'boolean' }, 'true'],
    [{ anyOf: [text, { type: 'null' }] }, 'string | null'],
    [{ type: ['integer', 'null'] }, 'number | null'],
    [{ type: 'array', items: { anyOf: [text, { type: 'integer' }] } }, 'readonly (string | number)[]'],
    [{ type: 'array', items: { type: 'array', items: {} } }, 'readonly (readonly unknown[])[]'],
    [{ $ref: '#/components/schemas/Grant' }, 'Grant'],
    [{ type: 'object', additionalProperties: text }, '{ readonly [name: string]: string }'],
    [{ type: 'object', properties: {}, additionalProperties: false }, 'Readonly<Record<string, never>>'],
    [
      { type: 'object', properties: { a: text, 'b-c': { ...text, description: 'B.' } }, required: ['a'] },
      '{ readonly a: string\n/** B. */\nreadonly "b-c"?: string }',
    ],
  ] as const)
    assert.equal(typeOf(schema), type, JSON.stringify(schema))
  assert.throws(() => typeOf({ type: 'tuple' }), /No type is known/)
})
