import { parseArgs } from 'node:util'
import { prove, runSchedule } from './prove.ts'

// `npm run prove -- --schedules N [--seed S]`: the long form of the proof. `--replay SEED [--spare 1,2]` plays one
// schedule again and prints every step.
const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 2_000_000_000) },
    replay: { type: 'string' },
    spare: { type: 'string', default: '' },
  },
})
const print = (text: string) => process.stdout.write(`${text}\n`)
const wholeNumber = (name: 'schedules' | 'seed' | 'replay', text: string) => {
  if (/^\d{1,10}$/.test(text)) return Number(text)
  process.stderr.write(`--${name} takes a whole number, not "${text}"\n`)
  process.exit(2)
}

if (values.replay === undefined) {
  const seed = wholeNumber('seed', values.seed)
  const schedules = wholeNumber('schedules', values.schedules)
  print(`${schedules} schedules from seed ${seed}`)
  const begun = performance.now()
  const {
    violations,
    tally,
    schedules: done,
  } = await prove({
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
  for (const [what, count] of Object.entries(tally).sort()) print(`${String(count).padStart(9)}  ${what}`)
  print(
    `${done} schedules in ${((performance.now() - begun) / 1000).toFixed(1)} s, ${violations.length} violations`,
  )
  process.exitCode = violations.length === 0 ? 0 : 1
} else {
  const spared = new Set(values.spare.split(',').filter(Boolean).map(Number))
  const world = await runSchedule({ seed: wholeNumber('replay', values.replay), isTraced: true, spared })
  print(`issuer ${world.issuerName}`)
  for (const line of world.scheduler.trace ?? []) print(line)
  print(world.violations.length === 0 ? 'no violation' : world.violations.join('\n'))
  process.exitCode = world.violations.length === 0 ? 0 : 1
}
