// The one plain-JavaScript file: it must run on any Node, so that a wrong or missing runtime is one readable
// sentence instead of a syntax error in somebody's stack trace.
import { existsSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'

const root = dirname(fileURLToPath(import.meta.url))
const commands = {
  sluis: './packages/cli/src/main.ts',
  demo: './examples/demo/main.ts',
  'partner-app': './examples/partner-app/main.ts',
  emulator: './emulators/main.ts',
  bench: './bench/main.ts',
  test: './scripts/test.ts',
  check: './scripts/check.ts',
  reference: './scripts/reference.ts',
  screenshots: './packages/web/e2e/testing/screenshots.ts',
  prove: './packages/vault/src/simulator/prove-command.ts',
  nemesis: './packages/vault/src/testing/nemesis/main.ts',
}

const [command = '', ...rest] = process.argv.slice(2)
const stop = (sentence) => {
  process.stderr.write(`${sentence}\n`)
  process.exit(1)
}

const here = `${process.platform}-${process.arch}`
const platforms = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'darwin-x64']
if (!platforms.includes(here)) {
  stop(
    `Sluis runs on ${platforms.join(', ')}, and this is ${here}: use one of those, for instance WSL on Windows.`,
  )
}
if (existsSync('/etc/alpine-release')) {
  stop(
    'Sluis needs a Linux with glibc (Debian, Ubuntu, Fedora, …), and this one has musl: its databases do not run here.',
  )
}
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  stop(
    existsSync(join(root, 'node_modules'))
      ? `Sluis needs Node 24 or newer and this is Node ${process.versions.node}: the runtime that npm brings is missing for ${here}; run "npm ci --include=optional", or install Node 24 or newer yourself.`
      : 'Sluis is not installed yet: run "npm ci" first.',
  )
}
if (!existsSync(join(root, 'node_modules', '@sluis', 'shared'))) {
  stop('Sluis is not installed yet: run "npm ci" first.')
}
if (!existsSync(join(root, 'node_modules', '@duckdb', `node-bindings-${here}`))) {
  stop(`The query engine (DuckDB) is not installed for ${here}: run "npm ci --include=optional".`)
}
if (!Object.hasOwn(commands, command)) {
  stop(`Usage: node run.mjs <${Object.keys(commands).join('|')}> [options]`)
}
// DuckDB runs each statement on a libuv thread; four (the default) can dead-lock on blocked pipes.
process.env.UV_THREADPOOL_SIZE ??= '64'
// Pages come in buffers outside the JavaScript heap. Without this, each 64 MB of them is a full garbage collection, which
// takes a seventh of the time of a load (docs/why/speed.md).
setFlagsFromString('--external-memory-accounted-in-global-limit')
// And V8 marks the whole heap when nine tenths of its limit are used, in place of as soon as pages make it large: most of
// them are collected young, and marking takes the core that DuckDB needs.
setFlagsFromString('--incremental-marking-soft-trigger=90')
setFlagsFromString('--incremental-marking-hard-trigger=95')
// V8 gives memory back a second after it was asked to, in place of eight.
setFlagsFromString('--memory-reducer-delay-ms=1000')
// Code without its types, and compiled, is kept for the next start: that one is faster, and does without the compiler that
// takes the types away and 20 MB with it.
enableCompileCache(join(root, 'node_modules', '.cache', 'sluis'))
process.argv.splice(1, 2, join(root, commands[command]))
process.argv.splice(2, process.argv.length, ...rest)
await import(commands[command])
