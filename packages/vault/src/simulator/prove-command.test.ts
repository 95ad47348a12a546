import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const run = (command: string, ...flags: string[]) =>
  spawnSync(process.execPath, [fileURLToPath(new URL(command, import.meta.url)), ...flags], {
    encoding: 'utf8',
  })

for (const command of ['prove-command.ts', '../testing/nemesis/main.ts']) {
  test(`${command}: an option that is not known is one sentence and the usage, not a stack trace`, () => {
    const { status, stderr, stdout } = run(command, '--nonsense')
    assert.deepEqual([status, stdout], [2, ''])
    assert.match(stderr, /^Unknown option '--nonsense'\.\n\nUsage: npm run /)
    assert.doesNotMatch(stderr, /\n {4}at /)
  })

  test(`${command}: --help is the usage, and a number that is none is named`, () => {
    const help = run(command, '--help')
    assert.deepEqual([help.status, help.stderr], [0, ''])
    assert.match(help.stdout, /^Usage: npm run [\s\S]+--seed <number>/)
    const { status, stderr } = run(command, '--seed', 'many')
    assert.deepEqual([status, stderr], [2, '--seed takes a whole number, not "many".\n'])
  })
}
