import { silentLog, systemClock } from '@sluis/shared'
import { openStore } from '../store.ts'

// A process of its own for tests that end it with signal 9: opens the store, writes a row, and says so.
const [home = '', mode = 'hold'] = process.argv.slice(2)
const store = await openStore({
  home,
  clock: systemClock,
  log: silentLog,
  ...(process.env.DATABASE_URL ? { databaseUrl: process.env.DATABASE_URL } : {}),
})
process.stdout.write('ready\n')
if (mode === 'once') await store.close()
else {
  for (let n = 0; ; n++) {
    await store.pool.query(
      "INSERT INTO audit_event (organisation_id, at, actor, action, subject) VALUES ('org', $1, 'test', 'written', 'row')",
      [n],
    )
    process.stdout.write(`${n}\n`)
  }
}
