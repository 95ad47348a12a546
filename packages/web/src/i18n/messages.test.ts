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
