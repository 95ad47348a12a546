import { parseArgs } from 'node:util'
import { startExactOnlineEmulator } from '@sluis/emulator-exact-online'
import { startOAuthEmulator } from '@sluis/emulator-oauth'
import { startTwinfieldEmulator } from '@sluis/emulator-twinfield'

// `npm run emulator -- exact-online --port 4010`: the imitation of a platform, alone, until Ctrl-C.
const help = `Usage: npm run emulator -- exact-online|twinfield|oauth [options]

Options:
  --port <number>       port to listen on; 0 takes a free one (4010; Twinfield 4020; all OAuth platforms 4030)
  --host <address>      address to listen on (127.0.0.1)
  --seed <number>       the same seed gives the same companies (1)
  --divisions <number>  companies that a user may consent to (Exact Online, 3)
  --offices <number>    offices of the organisation (Twinfield, 2)
  --scale <number>      rows per table, as a factor: 1000 gives millions of rows (1)
  --home <folder>       keeps apps, token chains, clock and ledger over restarts (not OAuth)
  --follow-clock <url>  keeps the time of the emulator at this address
  --json                prints one JSON line with the address
  --help                this text
`
const number = { type: 'string' } as const
try {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      port: number,
      host: { type: 'string' },
      seed: number,
      divisions: number,
      offices: number,
      scale: number,
      home: { type: 'string' },
      'follow-clock': { type: 'string' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help || positionals.length === 0) process.stdout.write(help)
  else {
    const [platform] = positionals
    if (positionals.length !== 1 || !['exact-online', 'twinfield', 'oauth'].includes(platform ?? '')) {
      throw new Error(
        `There is no emulator "${positionals.join(' ')}"; there are: exact-online, twinfield, oauth.`,
      )
    }
    const read = (name: 'port' | 'seed' | 'divisions' | 'offices' | 'scale', fallback: number) => {
      const value = values[name] === undefined ? fallback : Number(values[name])
      if (!Number.isFinite(value) || value < 0)
        throw new Error(`--${name} is a number, not "${values[name]}".`)
      return value
    }
    const common = { host: values.host ?? '127.0.0.1', seed: read('seed', 1), scale: read('scale', 1) }
    const kept = values.home === undefined ? {} : { home: values.home }
    const emulator =
      platform === 'oauth'
        ? await startOAuthEmulator({ host: common.host, port: read('port', 4030) })
        : platform === 'twinfield'
          ? await startTwinfieldEmulator({
              ...common,
              ...kept,
              port: read('port', 4020),
              offices: read('offices', 2),
            })
          : await startExactOnlineEmulator({
              ...common,
              port: read('port', 4010),
              divisions: read('divisions', 3),
              ...kept,
            })
    if (values['follow-clock'] !== undefined) await followClock(emulator.url, values['follow-clock'])
    const addresses =
      platform === 'oauth'
        ? `OAuth of every platform, emulated: ${emulator.url}\n  for instance ${emulator.url}/github/login/oauth/authorize?client_id=…`
        : platform === 'twinfield'
          ? `Twinfield, emulated: ${emulator.url}\n  services   ${emulator.url}/c1/webservices/\n  log-in     ${emulator.url}/auth/authentication/connect/authorize?client_id=…`
          : `Exact Online, emulated: ${emulator.url}\n  API        ${emulator.url}/api/v1/\n  log-in     ${emulator.url}/api/oauth2/auth?client_id=…`
    process.stdout.write(
      values.json
        ? `${JSON.stringify({ url: emulator.url })}\n`
        : `${addresses}\n  controls   ${emulator.url}/_control/ledger\nCtrl-C stops it.\n`,
    )
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        void emulator.close().then(() => process.exit(0))
      })
    }
  }
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException
  process.stderr.write(
    `${code === 'EADDRINUSE' ? 'That port is taken; choose another with --port.' : message}\n`,
  )
  process.exitCode = 2
}

/** Sets this emulator's time to the other's, now and again and again: several platforms in one movable world. */
async function followClock(own: string, other: string): Promise<void> {
  const follow = async () => {
    const { now } = (await (await fetch(`${other}/_control/clock`)).json()) as { now: number }
    await fetch(`${own}/_control/clock`, { method: 'POST', body: JSON.stringify({ now }) })
  }
  await follow().catch(() => {
    throw new Error(`--follow-clock: no emulator answers at ${other}.`)
  })
  // A leader that is gone leaves the time as it was.
  setInterval(() => void follow().catch(() => {}), 200).unref()
}
