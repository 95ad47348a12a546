import { once } from 'node:events'
import { createWriteStream, mkdirSync, rmSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { isSluisError } from '@sluis/shared'
import { lockFolder } from '@sluis/store'
import { startWorld } from './start-world.ts'

// `npm run partner-app`: a partner's own branded application between two emulated platforms and Sluis.
const help = `Usage: npm run partner-app [-- options]

Starts emulated Exact Online and Twinfield, Sluis with its own PostgreSQL, and "Polder": a small web application
as a software partner would write it. Log in there, connect your books, look at your open invoices, and move the
time by days to see what happens to a consent that waits.

Options:
  --port <number>  port of the application (4100; 0 takes a free one)
  --help           this text

Each start begins anew, in .sluis/partner-app.
`
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
try {
  const { values } = parseArgs({
    options: { port: { type: 'string', default: '4100' }, help: { type: 'boolean', short: 'h' } },
  })
  if (!/^\d{1,5}$/.test(values.port)) throw new Error(`--port is a number, not "${values.port}".`)
  if (values.help) process.stdout.write(help)
  else await run(Number(values.port))
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException
  if (isSluisError(error)) process.stderr.write(`${message}\n${error.hint ?? ''}\n`)
  else if (code === 'EADDRINUSE') process.stderr.write('That port is taken; choose another with --port.\n')
  else process.stderr.write(`${message}\n`)
  process.exitCode = 1
}

async function run(appPort: number): Promise<void> {
  const folder = join(resolve(process.env.SLUIS_HOME ?? '.sluis'), 'partner-app')
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700
  mkdirSync(folder, { recursive: true, mode })
  lockFolder(folder, 'The partner app in').release()
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode })
  const lock = lockFolder(folder, 'The partner app in')
  const log = createWriteStream(join(folder, 'server.log'), { mode: 0o600 })
  try {
    const world = await startWorld({ folder, appPort, sluisPort: 0, log: (line) => log.write(line) })
    try {
      const exact = world.platformUrls['exact-online']
      process.stdout.write(`
Polder, a partner's application: ${world.appUrl}
  Sluis         ${world.sluisUrl.replace('127.0.0.1', 'localhost')}/api/docs, its log in ${relative(process.cwd(), join(folder, 'server.log'))}
  Exact Online  ${exact}, emulated: any name and password will do
  Twinfield     ${world.platformUrls.twinfield}, emulated: any name will do

Days later, for all of them:
  curl -X POST ${exact}/_control/clock -d '{"advanceSeconds": 2505600}'

Ctrl-C stops everything.
`)
      if (!stop.signal.aborted) await once(stop.signal, 'abort')
    } finally {
      await world.close()
    }
  } finally {
    log.end()
    lock.release()
  }
}
