import { createLogTo } from '../create-log.ts'
import { readServerOptions } from '../server-options.ts'
import { startServer } from '../start-server.ts'

// A server in a process of its own, for tests that kill it. It says where it listens and obeys signals.
const { url, close } = await startServer(
  readServerOptions(process.env),
  createLogTo({ write: (text) => process.stderr.write(text) }, 'warn'),
)
process.on('SIGTERM', () => void close().then(() => process.exit(0)))
process.stdout.write(`${url}\n`)
