import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import {
  type Clock,
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
// two words: `lease` and `tick`.
const settings = JSON.parse(process.argv[2] ?? '{}') as {
  databaseUrl: string
  emulatorUrl: string
  kekFile: string
  spoolFolder: string
  /** The time stands in this file, and can be changed while the process stands still. */
  clockFile: string
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
const sleepers = new ManualClock()
const clock: Clock = {
  now: () => Number(readFileSync(settings.clockFile, 'utf8')),
  sleep: (ms, signal) => sleepers.sleep(ms, signal),
}
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
  if (line === 'lease') {
    const { generation } = await vault.lease(settings.organisationId, settings.grantId)
    process.stdout.write(`leased ${generation}\n`)
  } else {
    await vault.tick()
  }
})
