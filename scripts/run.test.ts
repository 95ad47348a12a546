import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluis-run-'))
  copyFileSync(fileURLToPath(new URL('../run.mjs', import.meta.url)), join(folder, 'run.mjs'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What `run.mjs` says in this folder: one line, never a stack trace. */
const says = (...args: string[]) => {
  const { status, stderr } = spawnSync(process.execPath, [join(folder, 'run.mjs'), ...args], {
    encoding: 'utf8',
  })
  assert.equal(status, 1)
  assert.equal(stderr.trim().split('\n').length, 1, stderr)
  return stderr.trim()
}

test('without an installation it says to run npm ci', () => {
  assert.match(says('demo'), /not installed yet: run "npm ci"/)
})

test('without the query engine of this platform it says what to run', () => {
  mkdirSync(join(folder, 'node_modules', '@sluis', 'shared'), { recursive: true })
  assert.match(says('demo'), /DuckDB\) is not installed for .*: run "npm ci --include=optional"/)
})

test('a command that is none is answered with those there are', () => {
  mkdirSync(join(folder, 'node_modules', '@sluis', 'shared'), { recursive: true })
  mkdirSync(join(folder, 'node_modules', '@duckdb', `node-bindings-${process.platform}-${process.arch}`), {
    recursive: true,
  })
  assert.match(says('dance'), /Usage: node run.mjs <sluis\|demo\|/)
})
