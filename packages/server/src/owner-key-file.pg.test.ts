import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openTestStore } from '@sluis/store/testing'
import { createLogTo } from './create-log.ts'
import { readServerOptions } from './server-options.ts'
import { startServer } from './start-server.ts'

test('a fresh server without a bootstrap key leaves its owner a key that works, and says it nowhere', async () => {
  const home = mkdtempSync(join(tmpdir(), 'sluis-owner-key-'))
  chmodSync(home, 0o711)
  const store = await openTestStore()
  const logged: string[] = []
  const start = () =>
    startServer(
      readServerOptions({ SLUIS_HOME: home, SLUIS_PORT: '0', DATABASE_URL: store.databaseUrl }),
      createLogTo({ write: (text) => logged.push(text) }, 'debug'),
    )
  try {
    const first = await start()
    const file = first.ownerKeyFile ?? ''
    try {
      assert.equal(statSync(file).mode & 0o777, 0o600)
      const key = readFileSync(file, 'utf8').trim()
      const answer = await fetch(`${first.url}/api/v1/databases`, {
        headers: { authorization: `Bearer ${key}` },
      })
      assert.equal(answer.status, 200)
      assert.equal(await answer.text(), '{"databases":[]}\n')
      assert.ok(!logged.join('').includes(key))
      assert.deepEqual(
        readdirSync(home).filter((name) => name.startsWith('owner.key')),
        ['owner.key'],
      )
    } finally {
      await first.close()
    }
    const second = await start()
    await second.close()
    assert.equal(second.ownerKeyFile, null, 'a later start makes no further key')
  } finally {
    await store.close()
    rmSync(home, { recursive: true, force: true })
  }
})
