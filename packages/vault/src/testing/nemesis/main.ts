import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { runNemesis } from './run-nemesis.ts'

// `npm run nemesis -- --rounds 1000 --time-scale 0.01`: real servers, PostgreSQL and issuer under blows.
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    'time-scale': { type: 'string', default: '0.01' },
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    servers: { type: 'string', default: '3' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help) {
  process.stdout.write(`Usage: npm run nemesis [-- options]

Options:
  --rounds <number>      rounds of 240 s each (20)
  --time-scale <number>  delays and deadlines times this: 0.01 makes a round 2.4 s, 1 is real time (0.01)
  --seed <number>        the same seed gives the same rounds (a random one, printed)
  --from <number>        the first round: goes on with a run that was broken off (1)
  --servers <number>     server processes (3)
`)
} else {
  const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed)
  const [rounds, scale, from, servers] = [
    values.rounds,
    values['time-scale'],
    values.from,
    values.servers,
  ].map(Number)
  process.stdout.write(`seed ${seed}, from round ${from}, scale ${scale}\n`)
  let seen = 0
  const summary = await runNemesis({
    seed,
    from: from ?? 1,
    rounds: rounds ?? 20,
    scale: scale ?? 0.01,
    servers: servers ?? 3,
    onRound(round, { violations, ...counts }) {
      for (const { rule, text } of violations.slice(seen))
        process.stdout.write(`VIOLATION round ${round}: ${rule}: ${text}\n`)
      seen = violations.length
      if (round % 10 === 0) process.stdout.write(`round ${round} ${JSON.stringify(counts)}\n`)
    },
  })
  const { violations, ...counts } = summary
  for (const { rule, text } of violations.slice(seen)) process.stdout.write(`VIOLATION: ${rule}: ${text}\n`)
  process.stdout.write(
    `NEMESIS ${JSON.stringify({ seed, from, scale, ...counts, violations: violations.length })}\n`,
  )
  if (violations.length > 0) process.exitCode = 1
}
