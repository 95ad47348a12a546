import { createInterface } from 'node:readline'
import {
  type GrantId,
  ManualClock,
  type OrganisationId,
  type SendRequest,
  silentLog,
  systemClock,
  systemRandom,
} from '@sluis/shared'
import { openStore } from '@sluis/store'
import { createVault, loadOrCreateKek } from '../index.ts'
import { fetchSend } from './fetch-send.ts'
import { labPlatform } from './lab-platform.ts'

// A server of its own for tests that end it with signal 9: opens the vault on a shared database, says so, and obeys
// two words: `lease`, and `tick <time>`. Its clock stands at the time given last.
const settings = JSON.parse(process.argv[2] ?? '{}') as {
  databaseUrl: string
  emulatorUrl: string
  kekFile: string
  spoolFolder: string
  now: number
  organisationId: OrganisationId
  grantId: GrantId
  /** Token requests hang before their first byte leaves: the moment between intent and sending, made long. */
  hangs: boolean
}
const platform = labPlatform(settings.emulatorUrl)
const store = await openStore({
  home: settings.spoolFolder,
  databaseUrl: settings.databaseUrl,
  clock: systemClock,
  log: silentLog,
})
const clock = new ManualClock(settings.now)
const hang: SendRequest = () => {
  process.stdout.write('sending\n')
  return new Promise(() => {})
}
const vault = await createVault({
  store,
  platforms: new Map([[platform.id, platform]]),
  send: settings.hangs ? hang : fetchSend,
  clock,
  random: systemRandom,
  log: silentLog,
  kek: loadOrCreateKek(settings.kekFile, systemRandom),
  spoolFolder: settings.spoolFolder,
})
process.stdout.write('ready\n')
createInterface(process.stdin).on('line', async (line) => {
  const [word, time] = line.split(' ')
  if (word === 'lease') {
    const { generation } = await vault.lease(settings.organisationId, settings.grantId)
    process.stdout.write(`leased ${generation}\n`)
  } else {
    clock.advance(Number(time) - clock.now())
    await vault.tick()
  }
})
