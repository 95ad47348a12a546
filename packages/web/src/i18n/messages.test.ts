import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { en } from './messages.en.ts'
import { nl } from './messages.nl.ts'

const blanks = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()

test('Dutch has every text of English, with the same blanks, and none is empty', () => {
  assert.deepEqual(Object.keys(nl), Object.keys(en))
  for (const [key, text] of Object.entries(en)) {
    assert.deepEqual(blanks(nl[key as keyof typeof en]), blanks(text), key)
    assert.ok(text.trim() && nl[key as keyof typeof en].trim(), key)
  }
})

test('every act that the code writes into a trail has words', () => {
  const packages = fileURLToPath(new URL('../../..', import.meta.url))
  const read = (file: string) => readFileSync(`${packages}/${file}`, 'utf8')
  const [, list = ''] = /auditKinds = \[([^\]]*)\]/.exec(read('shared/src/audit-kinds.ts')) ?? []
  const kinds = [...list.matchAll(/'([\w-]+)'/g)].map(([, kind]) => kind)
  assert.ok(kinds.includes('person') && kinds.includes('connect-link'), list)
  const written = new RegExp(`['"\`](${kinds.join('|')})\\.([a-z][a-z_-]+|\\$\\{\\w+\\})['"\`]`, 'g')
  const acts = new Set(
    globSync('{people,surfaces,vault,engine,store,server}/src/**/*.ts', { cwd: packages })
      .filter((file) => !/\.test\.ts$|\/(testing|simulator)\//.test(file))
      .flatMap((file) =>
        [...read(file).matchAll(written)].map(
          ([, kind, act]) => `${kind}.${act?.startsWith('$') ? '*' : act}`,
        ),
      ),
  )
  // The name of a file, and acts that are named after the state in which something ends.
  acts.delete('database.json')
  for (const [composed, states] of [
    ['grant.*', ['ambiguous', 'needs_consent', 'misconfigured', 'revoked']],
    ['preauthentication.*', ['done', 'refused']],
  ] as const) {
    assert.ok(acts.delete(composed), composed)
    for (const state of states) acts.add(composed.replace('*', state))
  }
  assert.ok(acts.size > 60, String(acts.size))
  assert.deepEqual(
    [...acts].filter((act) => !(`event.${act}` in en)),
    [],
  )
  const told = Object.keys(en).filter((key) => key.startsWith('event.'))
  assert.deepEqual(
    told.filter((key) => !acts.has(key.slice('event.'.length))),
    [],
    'words for acts that nothing writes',
  )
})

test('no text is left that no page says', () => {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const code = globSync('**/*.{ts,tsx}', { cwd: root })
    .filter((file) => !/messages\./.test(file))
    .map((file) => readFileSync(`${root}/${file}`, 'utf8'))
    .join('\n')
  // Composed in code from a state, a region or a fate.
  const isComposed = (key: string) =>
    /^(state|run|region|fate|health|live|event|role|pre\.(state|output)|audit\.kind|connect\.end|links\.(state|valid))\./.test(
      key,
    )
  const idle = Object.keys(en).filter(
    (key) => !isComposed(key) && !code.includes(`'${key}'`) && !code.includes(`"${key}"`),
  )
  assert.deepEqual(idle, [])
})
