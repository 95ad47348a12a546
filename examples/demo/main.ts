import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ApiRefusal } from '@sluis/cli'
import { isSluisError, SluisError } from '@sluis/shared'
import { playDemo } from './play-demo.ts'

// `npm run demo`: the product's main job on embedded defaults, from a partner's tokens to rows in SQL.
const help = `Usage: npm run demo [-- options]

Starts Sluis with its own PostgreSQL and emulated Exact Online and Twinfield, lets a partner obtain tokens
there, hands them over, registers databases "demo" and "both", runs a query on each and goes on serving.

Options:
  --once    stop after the queries
  --reset   forget the earlier demo and start anew
  --help    this text

Everything is kept in .sluis/demo; a second run goes on where the first stopped.
`
// A reader that goes away (`| head`) must not keep the emulator and the database from being stopped in order.
process.stdout.on('error', () => {})
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => stop.abort(new SluisError('QUERY_CANCELLED', 'The demo was stopped.')))
}
try {
  const { values } = parseArgs({
    options: {
      once: { type: 'boolean', default: false },
      reset: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) process.stdout.write(help)
  else {
    const folder = join(resolve(process.env.SLUIS_HOME ?? '.sluis'), 'demo')
    await playDemo({
      folder,
      isOnce: values.once,
      isReset: values.reset,
      write: (text) => process.stdout.write(text),
      shownPath: (path) => relative(process.cwd(), path),
      signal: stop.signal,
    })
  }
} catch (error) {
  if (isSluisError(error) || error instanceof ApiRefusal) {
    process.stderr.write(`\n${error.message}\n${error.hint ?? ''}\n(${error.code})\n`)
  } else if ((error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS')) {
    process.stderr.write(`${(error as Error).message}\n\n${help}`)
  } else process.stderr.write(`\nThe demo failed: ${(error as Error).stack}\n`)
  process.exitCode = 1
}
