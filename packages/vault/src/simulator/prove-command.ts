import { simulateIdleYear } from './idle-year.ts'
import { prove, runSchedule } from './prove.ts'
import { readOptions, readWholeNumber } from './read-options.ts'

const usage = `Usage: npm run prove [-- options]

  --schedules <number>  schedules of the protocol under faults (20000)
  --seed <number>       the same seed gives the same run (a random one, printed)
  --replay <seed>       play one schedule again and print every step
  --spare <numbers>     faults of that schedule that do not strike, separated by commas
  --idle-year           in place of schedules: grants that nobody uses, for a year
  --grants <number>     how many of them (100000)
  --days <number>       for so long (365)
`
const values = readOptions(
  {
    schedules: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 2_000_000_000) },
    replay: { type: 'string' },
    spare: { type: 'string', default: '' },
    'idle-year': { type: 'boolean', default: false },
    grants: { type: 'string', default: '100000' },
    days: { type: 'string', default: '365' },
  },
  usage,
)
const print = (text: string) => process.stdout.write(`${text}\n`)
const seed = readWholeNumber('seed', values.seed)

async function proveSchedules(): Promise<boolean> {
  const schedules = readWholeNumber('schedules', values.schedules)
  print(`${schedules} schedules from seed ${seed}`)
  const begun = performance.now()
  const proof = await prove({
    schedules,
    seed,
    mostViolations: 3,
    onViolation: ({ seed: bad, issuer, texts, faults, spared }) => {
      print(`\nVIOLATION at seed ${bad}, issuer ${issuer}`)
      for (const text of texts) print(`  ${text}`)
      for (const fault of faults) print(`  after: ${fault}`)
      print(`  again: npm run prove -- --replay ${bad}${spared.length > 0 ? ` --spare ${spared}` : ''}`)
    },
    onProgress: (count) => {
      if (count % 5000 === 0) print(`${count} done; resume with --seed ${seed + count}`)
    },
  })
  const { violations, tally, schedules: done } = proof
  for (const [what, count] of Object.entries(tally).sort()) print(`${String(count).padStart(9)}  ${what}`)
  print(`${done} schedules in ${secondsSince(begun)} s, ${violations.length} violations`)
  return violations.length === 0
}

async function replay(text: string): Promise<boolean> {
  const spared = new Set(values.spare.split(',').filter(Boolean).map(Number))
  const world = await runSchedule({ seed: readWholeNumber('replay', text), isTraced: true, spared })
  print(`issuer ${world.issuerName}`)
  for (const line of world.scheduler.trace ?? []) print(line)
  print(world.violations.length === 0 ? 'no violation' : world.violations.join('\n'))
  return world.violations.length === 0
}

async function idleYear(): Promise<boolean> {
  const grants = readWholeNumber('grants', values.grants)
  const days = readWholeNumber('days', values.days)
  print(`${grants} idle grants for ${days} days from seed ${seed}`)
  const begun = performance.now()
  const year = await simulateIdleYear({
    seed,
    grants,
    days,
    onDay: (day, spends) => {
      if (day % 30 === 0) print(`day ${day}: ${spends} spends, ${secondsSince(begun)} s`)
    },
  })
  let isWell = year.notActive === 0
  for (const [name, { oldestMs, ...tally }] of Object.entries(year.tallies)) {
    print(`${name}: ${JSON.stringify({ ...tally, oldestDays: Number((oldestMs / 86_400_000).toFixed(2)) })}`)
    if (tally.refused > 0) isWell = false
  }
  for (const [what, count] of Object.entries(year.events)) print(`${String(count).padStart(9)}  ${what}`)
  print(`${year.outages} outages, ${year.notActive} grants not active, ${secondsSince(begun)} s`)
  return isWell
}

const secondsSince = (begun: number) => ((performance.now() - begun) / 1000).toFixed(1)

const isWell = values['idle-year']
  ? await idleYear()
  : values.replay === undefined
    ? await proveSchedules()
    : await replay(values.replay)
process.exitCode = isWell ? 0 : 1
