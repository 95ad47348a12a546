import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { NamedPipes } from './named-pipes.ts'

let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluis-pipes-'))
})
after(() => rmSync(folder, { recursive: true, force: true }))

test('a statement that fails before its rows are read does not end the process', async () => {
  const reader = new NamedPipes(folder).open(join(folder, 'result'))
  reader.destroy(new Error('the statement failed'))
  // Without a listener of the pipe's own the error is an uncaught exception here.
  await new Promise((resolve) => reader.once('close', resolve))
  assert.equal(reader.destroyed, true)
})

test('pipes do not run out when many are open at once', () => {
  const pipes = new NamedPipes(folder)
  const readers = Array.from({ length: 100 }, (_, index) => pipes.open(join(folder, `many-${index}`)))
  for (const reader of readers) reader.destroy()
  assert.equal(new Set(readers).size, 100)
})
