import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { newId, type ProcessId, systemRandom } from '@sluis/shared'
import { seal } from './seal.ts'
import { Spool } from './spool.ts'
import { eraseKeys, listSpools, readSpool, type SpooledKey } from './spool-records.ts'

const processId = newId('prc', 1) as ProcessId
const mebibyte = 1 << 20
let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluis-spool-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const pathOf = (number: number) => join(folder, `${processId}.${String(number).padStart(6, '0')}.spool`)
const recordOf = (at: number, row: Record<string, unknown> = {}) => ({ kind: 'grant' as const, at, row })
const all = async () =>
  (await Promise.all((await listSpools(folder)).map(({ path }) => readSpool(path)))).flat()

describe('room that was reserved', () => {
  test('is there also when the file is full and no other is to be had', async () => {
    const spool = await Spool.open(folder, processId, { bytes: 100 })
    await spool.append(recordOf(1, { text: 'x'.repeat(200) }))
    // Something stands in the way of the next file.
    writeFileSync(pathOf(2), '')
    const release = await spool.reserve()
    await spool.append(recordOf(2))
    release()
    assert.deepEqual(
      (await readSpool(pathOf(1))).map(({ at }) => at),
      [1, 2],
    )
    // It goes on in a file of its own as soon as that can be had.
    rmSync(pathOf(2))
    await spool.append(recordOf(3))
    assert.deepEqual(
      (await readSpool(pathOf(2))).map(({ at }) => at),
      [3],
    )
    await spool.close()
  })

  test('is there also when the whole folder is gone: the open file takes the answer', async () => {
    const spool = await Spool.open(folder, processId, { bytes: 100 })
    await spool.append(recordOf(1, { text: 'x'.repeat(200) }))
    rmSync(folder, { recursive: true })
    const release = await spool.reserve()
    await spool.append(recordOf(2))
    release()
    await spool.close()
  })

  test('by many at once is all there in the next file', async () => {
    const spool = await Spool.open(folder, processId, { bytes: 100 })
    const held = await Promise.all(Array.from({ length: 40 }, () => spool.reserve()))
    await spool.append(recordOf(1, { text: 'x'.repeat(200) }))
    await spool.append(recordOf(2))
    assert.ok(existsSync(pathOf(2)))
    assert.ok(statSync(pathOf(2)).size >= 40 * 96 * 1024, `${statSync(pathOf(2)).size} bytes`)
    for (const release of held) release()
    await spool.close()
  })

  test('is not taken by records that reserved none', async () => {
    const spool = await Spool.open(folder, processId)
    const held = await Promise.all(Array.from({ length: 10 }, () => spool.reserve()))
    await spool.append(recordOf(1, { text: 'x'.repeat(mebibyte - 100_000) }))
    const [first] = await readSpool(pathOf(1))
    const used = 8 + JSON.stringify(first).length
    assert.ok(statSync(pathOf(1)).size - used >= 10 * 96 * 1024)
    for (const release of held) release()
    await spool.close()
  })
})

test('a disk that fills up refuses room, also when it still takes a part, and keeps what it promised', async () => {
  // A file may grow to 1.75 MiB: the next step of room is taken half, and that without an error.
  const script = new URL('./testing/spool-process.ts', import.meta.url).pathname
  const shell = 'trap "" XFSZ; ulimit -f 3584; exec "$0" "$@"'
  const { stdout, stderr } = spawnSync('sh', ['-c', shell, process.execPath, script, folder], {
    encoding: 'utf8',
  })
  assert.deepEqual(JSON.parse(stdout || '{}'), { reserved: 10, refusal: 'EFBIG', kept: 10 }, stderr)
  const [file] = await listSpools(folder)
  assert.equal((await readSpool(file?.path ?? '')).length, 10)
})

describe('a spool’s keys', () => {
  const keys = new Map<string, SpooledKey>()
  const keysOf = (ids: readonly string[]) => ids.flatMap((id) => keys.get(id) ?? [])
  const context = { organisation: 'org_a', grant: 'grt', field: 'tokens', chain: 1, generation: 1 }
  const sealedWith = (id: string) =>
    `\\x${seal(Buffer.alloc(32, 1), id, Buffer.from('plain'), context, systemRandom).toString('hex')}`
  const keyOf = (id: string, organisation: string, kekId = 'kek-1'): SpooledKey => ({
    id,
    organisation,
    kekId,
    sealed: Buffer.from(`sealed ${id}`).toString('base64'),
  })
  beforeEach(() => {
    keys.clear()
    keys.set('key-a', keyOf('key-a', 'org_a'))
    keys.set('key-b', keyOf('key-b', 'org_b'))
  })
  const told = async (number: number) =>
    (await readSpool(pathOf(number))).map((record) => (record.kind === 'key' ? record.key.id : record.kind))

  test('stand once in each file, before the first record that they open', async () => {
    const spool = await Spool.open(folder, processId, { bytes: 2000, keysOf })
    const a = {
      sealed_secret: sealedWith('key-a'),
      sealed_tokens: sealedWith('key-a'),
      sealed_alternates: null,
    }
    for (let n = 0; n < 3; n++) await spool.append(recordOf(n, a))
    await spool.append(recordOf(3, { ...a, sealed_tokens: sealedWith('key-b'), text: 'x'.repeat(2000) }))
    await spool.append(recordOf(4, a))
    assert.deepEqual(await told(1), ['key-a', 'grant', 'grant', 'grant', 'key-b', 'grant'])
    assert.deepEqual(await told(2), ['key-a', 'grant'])
    // Under another key-encryption key it is told once more.
    keys.set('key-a', keyOf('key-a', 'org_a', 'kek-2'))
    await spool.append(recordOf(5, a))
    assert.deepEqual(await told(2), ['key-a', 'grant', 'key-a', 'grant'])
    await spool.close()
  })

  test('are overwritten when their organisation’s are destroyed, and nothing else is', async () => {
    const spool = await Spool.open(folder, processId, { keysOf })
    await spool.append(recordOf(1, { sealed_tokens: sealedWith('key-a') }))
    const writing = spool.append(recordOf(2, { sealed_tokens: sealedWith('key-b') }))
    const before = await readSpool(pathOf(1))
    await spool.eraseKeys('org_b')
    await writing
    assert.ok(before.length >= 2)
    assert.deepEqual(await told(1), ['key-a', 'grant', 'erased', 'grant'])
    const bytes = readFileSync(pathOf(1))
    assert.ok(bytes.includes(keyOf('key-a', '').sealed))
    assert.ok(!bytes.includes(keyOf('key-b', '').sealed))
    await eraseKeys(pathOf(1), 'org_nobody')
    await spool.append(recordOf(3))
    assert.deepEqual(
      (await all()).map(({ at }) => at),
      [1, 1, 2, 2, 3],
    )
    await spool.close()
  })

  test('that were damaged hide no record behind them', async () => {
    const spool = await Spool.open(folder, processId, { keysOf })
    await spool.append(recordOf(1, { sealed_tokens: sealedWith('key-a') }))
    await spool.append(recordOf(2))
    await spool.close()
    const bytes = readFileSync(pathOf(1))
    bytes[20] = (bytes[20] ?? 0) ^ 1
    writeFileSync(pathOf(1), bytes)
    assert.deepEqual(await told(1), ['grant', 'grant'])
  })
})
