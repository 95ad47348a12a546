import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createSluis } from '@sluis/sdk'

const { SLUIS_URL = '', SLUIS_API_KEY = '', FILE = 'accounts.parquet' } = process.env
const sluis = createSluis({ url: SLUIS_URL, apiKey: SLUIS_API_KEY })

// Runs on at Sluis, for hours if it must: this program may end and ask later by the id.
const { id } = await sluis.statements.start('books', 'SELECT ID, Code, Name FROM crm.Accounts')
for await (const { state, progress } of sluis.statements.watch('books', id)) {
  console.log(state, `${progress.callsMade} of about ${progress.callsExpected} calls`)
}

let accounts = 0
for await (const _ of sluis.statements.rows('books', id)) accounts++
console.log(`${accounts} accounts`)
const bytes = await sluis.statements.download('books', id, 'parquet')
await pipeline(Readable.fromWeb(bytes), createWriteStream(FILE))

// One that is not wanted any more makes no further calls.
const other = await sluis.statements.start(
  'books',
  'SELECT count(*) FROM financialtransaction.TransactionLines',
)
await sluis.statements.cancel('books', other.id)
for await (const { state, endedAt } of sluis.statements.watch('books', other.id)) {
  if (endedAt !== null) console.log(state)
}
