import { readdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Benchmark } from './benchmark.ts'
import { reporter } from './benchmark.ts'

// `npm run bench` runs every benchmark in this folder; `npm run bench -- engine vault` those named.
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { help: { type: 'boolean', short: 'h' } },
})
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.slice(0, -'.bench.ts'.length))
  .sort()

if (values.help) {
  process.stdout.write(`Usage: npm run bench [-- name …]\n\nBenchmarks: ${names.join(', ')}\n
Each figure is printed in a table and as one line: BENCH {"name":"vault.lease","value":2611,"unit":"1/s"}\n`)
} else {
  const unknown = positionals.filter((name) => !names.includes(name))
  if (unknown.length > 0) {
    process.stderr.write(`No benchmark named ${unknown.join(', ')}; there are: ${names.join(', ')}.\n`)
    process.exitCode = 2
  } else {
    for (const name of positionals.length > 0 ? positionals : names) {
      const { benchmark } = (await import(`./${name}.bench.ts`)) as { benchmark: Benchmark }
      process.stdout.write(`\n${name}: ${benchmark.title}\n`)
      await benchmark.run(reporter(name))
    }
  }
}
