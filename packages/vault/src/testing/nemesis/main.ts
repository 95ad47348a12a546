import { randomInt } from 'node:crypto'
import { readNumber, readOptions, readWholeNumber } from '../../simulator/read-options.ts'
import { runNemesis } from './run-nemesis.ts'

// `npm run nemesis -- --rounds 1000 --time-scale 0.01`: real servers, PostgreSQL and issuer under blows.
const values = readOptions(
  {
    rounds: { type: 'string', default: '20' },
    'time-scale': { type: 'string', default: '0.01' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    from: { type: 'string', default: '1' },
    servers: { type: 'string', default: '3' },
  },
  `Usage: npm run nemesis [-- options]

  --rounds <number>      rounds of 240 s each (20)
  --time-scale <number>  delays and deadlines times this: 0.01 makes a round 2.4 s, 1 is real time (0.01)
  --seed <number>        the same seed gives the same rounds (a random one, printed)
  --from <number>        the first round: goes on with a run that was broken off (1)
  --servers <number>     server processes (3)
`,
)
const wholeNumber = (name: 'seed' | 'rounds' | 'from' | 'servers') => readWholeNumber(name, values[name])
const [seed, rounds, from, servers] = [
  wholeNumber('seed'),
  wholeNumber('rounds'),
  wholeNumber('from'),
  wholeNumber('servers'),
] as const
const scale = readNumber(
  'time-scale',
  values['time-scale'],
  /^(0\.0*[1-9]\d*|[1-9]\d*(\.\d+)?)$/,
  'a number above 0',
)
process.stdout.write(`seed ${seed}, from round ${from}, scale ${scale}\n`)
let seen = 0
const summary = await runNemesis({
  seed,
  from,
  rounds,
  scale,
  servers,
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
