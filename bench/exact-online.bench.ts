import { openQueryLab } from '@sluis/server/testing'
import { compareCalls, openHandWritten } from '../examples/exact-online/compare-calls.ts'
import { questions } from '../examples/exact-online/questions.ts'
import type { Benchmark, Report } from './benchmark.ts'
import { measureCeiling } from './measure-ceiling.ts'
import { measureLoad } from './measure-load.ts'

const scale = process.env.SLUIS_BENCH_SCALE === 'small' ? 0.5 : 6

export const benchmark: Benchmark = {
  title: 'calls of 75 questions beside those of a client written by hand, a million lines, pages into tables',
  async run(report) {
    await measureQuestions(report)
    await measureCeiling(report)
    await measureLoad(report)
  },
}

/** API calls for each question of `examples/exact-online`: in SQL the first time and again, and by hand. */
async function measureQuestions(report: Report): Promise<void> {
  const lab = await openQueryLab({ divisions: 2, scale })
  try {
    const newClient = await openHandWritten(lab)
    await lab.run(lab.planned, { sql: 'SELECT Code FROM vat.VATCodes' })
    const total = { first: 0, again: 0, byHand: 0, dearer: 0, dearerFirst: 0 }
    const line = (name: string, ...cells: readonly (string | number)[]) =>
      process.stdout.write(`  ${name.padEnd(36)} ${cells.map((cell) => String(cell).padStart(8)).join('')}\n`)
    line('question', 'first', 'again', 'by hand')
    for (const question of questions()) {
      const { first, again, byHand } = await compareCalls(lab, newClient, question)
      line(question.name, first, again, byHand)
      total.first += first
      total.again += again
      total.byHand += byHand
      if (again > byHand) total.dearer++
      if (first > byHand) total.dearerFirst++
    }
    report({ name: 'calls-first', value: total.first, unit: 'calls' })
    report({ name: 'calls-again', value: total.again, unit: 'calls', goal: '≤ calls-by-hand' })
    report({ name: 'calls-by-hand', value: total.byHand, unit: 'calls' })
    report({ name: 'dearer-than-by-hand', value: total.dearer, unit: 'of them', goal: '0' })
    // Whoever wrote the client knew how long the tables are; the first time we do not.
    report({ name: 'dearer-the-first-time', value: total.dearerFirst, unit: 'of them' })
  } finally {
    await lab.close()
  }
}
