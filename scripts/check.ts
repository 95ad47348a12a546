import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** Runs every static check and reports all that fail, so that one run tells the whole story. */
export function check(): boolean {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const steps: [name: string, command: string, args: string[]][] = [
    ['types', 'node_modules/.bin/tsc', ['-p', '.']],
    ['types of the web application', 'node_modules/.bin/tsc', ['-p', 'packages/web']],
    [
      'format and lint',
      'node_modules/.bin/biome',
      ['check', '--diagnostic-level=warn', '--error-on-warnings', '.'],
    ],
    ['import arrows', process.execPath, ['scripts/check-imports.ts', ...process.argv.slice(2)]],
  ]
  let passed = true
  for (const [name, command, args] of steps) {
    const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
    process.stdout.write(`${status === 0 ? 'ok  ' : 'FAIL'} ${name}\n`)
    passed &&= status === 0
  }
  return passed
}

if (import.meta.main || process.argv[1]?.endsWith('scripts/check.ts')) process.exitCode = check() ? 0 : 1
