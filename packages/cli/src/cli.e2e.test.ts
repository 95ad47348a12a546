import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))

async function sluis(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [output, errors, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ])
  return { output, errors, status: status as number }
}

describe('the command line', () => {
  test('--help names every command and takes no secret as an argument', async () => {
    const { output, status } = await sluis(['--help'])
    assert.equal(status, 0)
    for (const command of [
      'serve',
      'handover',
      'grant',
      'client',
      'preauthenticate',
      'connect',
      'database',
      'query',
      'key',
      'organisation',
    ])
      assert.match(output, new RegExp(`^  ${command}\\b`, 'm'))
    const { output: help } = await sluis(['handover', '--help'])
    assert.match(help, /--client-secret-file <file>/)
    assert.doesNotMatch(help, /--(client-secret|access-token|refresh-token) </)
  })

  test('without a key it says where to put one', async () => {
    const { errors, status } = await sluis(['grant', 'list'])
    assert.equal(status, 2)
    assert.match(errors, /No API key is named\.\n.*SLUIS_API_KEY_FILE/)
  })

  test('all faults of options are told at once, without a secret and without a stack', async () => {
    const { errors, status } = await sluis(['serve', '--port', 'x'], {
      SLUIS_LOG_LEVEL: 'loud',
      SLUIS_BOOTSTRAP_API_KEY: 'canary',
    })
    assert.equal(status, 2)
    assert.match(errors, /--port "x" is not a whole number/)
    assert.match(errors, /SLUIS_LOG_LEVEL "loud"/)
    assert.match(errors, /SLUIS_BOOTSTRAP_API_KEY does not have/)
    assert.doesNotMatch(errors, /canary|at .*\.ts:/)
  })

  test('a server that is not there, and a file that is not there, are sentences', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluis-cli-'))
    try {
      const file = join(folder, 'key')
      writeFileSync(file, 'a-key-that-nobody-made\n')
      const env = { SLUIS_API_KEY_FILE: file, SLUIS_URL: 'http://127.0.0.1:1' }
      const away = await sluis(['grant', 'list'], env)
      assert.equal(away.status, 2)
      assert.match(away.errors, /No server answers at http:\/\/127\.0\.0\.1:1\.\nStart one/)
      const missing = await sluis(['query', 'books', '--file', join(folder, 'none.sql')], env)
      assert.equal(missing.status, 2, missing.errors)
      assert.match(missing.errors, /none\.sql .*cannot be read/)
      const number = await sluis(['query', 'books', 'SELECT 1', '--max-rows', 'many'], env)
      assert.equal(number.status, 2, number.errors)
      assert.match(number.errors, /--max-rows "many" is not a whole number/)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
