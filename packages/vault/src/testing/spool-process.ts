import type { ProcessId } from '@sluis/shared'
import { Spool } from '../spool.ts'

// Reserves room in a spool until the disk has no more, then writes as much as was promised, and says how both went.
const spool = await Spool.open(process.argv[2] ?? '', 'prc_full' as ProcessId)
const held: (() => void)[] = []
let refusal = ''
while (refusal === '' && held.length < 100) {
  await spool.reserve().then(
    (release) => held.push(release),
    (error) => {
      refusal = error.code
    },
  )
}
// The framing of a record takes its part of what was promised.
const row = { text: 'x'.repeat(95 * 1024) }
const kept = await Promise.allSettled(held.map((_, at) => spool.append({ kind: 'grant', at, row })))
process.stdout.write(
  JSON.stringify({
    reserved: held.length,
    refusal,
    kept: kept.filter(({ status }) => status === 'fulfilled').length,
  }),
)
