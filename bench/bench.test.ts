import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

test('the engine’s benchmark measures every figure, on a small scale', async () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [main, 'engine'], {
    env: { ...process.env, SLUIS_BENCH_SCALE: 'small' },
    timeout: 120_000,
  })
  const figures = [...stdout.matchAll(/^BENCH (.*)$/gm)].map(([, line]) => JSON.parse(line ?? '{}'))
  const names = figures.map(({ name }) => name)
  for (const name of ['load-ratio', 'loop-lag-p99', 'join-peak-rss', 'calls-per-query', 'plan-p95']) {
    assert.ok(names.includes(`engine.${name}`), `${name} is missing`)
  }
})

test('the benchmark of Exact Online compares every question with its hand-written client, on a small scale', async () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [main, 'exact-online'], {
    env: { ...process.env, SLUIS_BENCH_SCALE: 'small' },
    timeout: 240_000,
  })
  assert.match(stdout, /^ {2}01-open-items-by-age +\d+ +\d+ +\d+$/m)
  const dearer = /^BENCH (.*dearer-than-by-hand.*)$/m.exec(stdout)?.[1]
  assert.equal(JSON.parse(dearer ?? '{}').value, 0)
  const figures = new Map(
    [...stdout.matchAll(/^BENCH (.*)$/gm)].map(([, text]) => {
      const { name, value } = JSON.parse(text ?? '{}')
      return [name, value] as const
    }),
  )
  // 20 pages at 8 calls a minute are three minutes: 8, 8 and 4.
  for (const [name, value] of [
    ['calls', 20],
    ['refused', 0],
    ['fullest-minute', 8],
    ['minutes', 3],
    ['ratio', 1],
  ])
    assert.equal(figures.get(`exact-online.ceiling-${name}`), value, `ceiling-${name}`)
  assert.ok(figures.get('exact-online.load-ratio') > 0)
})
