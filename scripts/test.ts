import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { startTestServer } from '@sluis/store/testing'
import { check } from './check.ts'

// `npm test` runs everything; `npm test -- vault pgwire` runs the test files whose path holds one of the words.
const root = fileURLToPath(new URL('..', import.meta.url))
const words = process.argv.slice(2)
const files = globSync(
  [
    'packages/**/*.test.ts',
    'emulators/**/*.test.ts',
    'scripts/**/*.test.ts',
    'examples/**/*.test.ts',
    'bench/**/*.test.ts',
  ],
  {
    cwd: root,
    exclude: (path) => path.includes('node_modules'),
  },
)
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort()

if (words.length === 0 && !check()) process.exit(1)
// The browser tests see the web application as the source is now, not as it was when it was installed.
if (files.some((file) => file.startsWith('packages/web/'))) {
  const { status } = spawnSync(process.execPath, ['scripts/build-web.mjs'], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(1)
}
// A file that hangs is ended, so that the others still tell their story.
const settings = ['--test', '--test-concurrency=2', '--test-reporter=spec', '--test-timeout=900000']
// One PostgreSQL for all test files: each gets databases of its own in it.
const server = await startTestServer().catch((error: Error & { hint?: string }) => {
  process.stderr.write(`${error.message}\n${error.hint ?? ''}\n`)
  process.exit(1)
})
const tests = spawn(process.execPath, [...settings, ...files], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, ...server.environment, UV_THREADPOOL_SIZE: '64' },
})
const [status] = (await once(tests, 'close')) as [number | null]
await server.stop()
process.exitCode = status ?? 1
