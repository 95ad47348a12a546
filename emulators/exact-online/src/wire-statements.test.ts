import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sections, wireStatements } from './testing/wire-statements.ts'

/** Source without what the formatter decides. */
function plain(text: string): string {
  return text
    .replaceAll("\\'", "'")
    .replace(/\s+/g, ' ')
    .replace(/([[(]) /g, '$1')
}

const sources = globSync('**/*.test.ts', { cwd: import.meta.dirname })
  .filter((file) => file !== 'wire-statements.test.ts')
  .map((file) => plain(readFileSync(join(import.meta.dirname, file), 'utf8')))

test('every section of the vendor facts has a statement that is pinned', () => {
  for (const section of sections) {
    const own = wireStatements.filter(([of]) => of === section)
    assert.ok(
      own.some(([, , proof]) => 'test' in proof),
      `§ ${section}`,
    )
  }
})

test('every statement names a test that is there, or says why it has none', () => {
  for (const [section, what, proof] of wireStatements) {
    assert.ok((sections as readonly string[]).includes(section), `§ ${section}`)
    if ('left' in proof) assert.ok(proof.left.length > 10, what)
    else
      assert.ok(
        sources.some((source) => source.includes(plain(proof.test))),
        `§ ${section}, ${what}: no test "${proof.test}"`,
      )
  }
})

test('no two statements of a section are the same', () => {
  const names = wireStatements.map(([section, what]) => `${section} ${what}`)
  assert.equal(new Set(names).size, names.length)
})
