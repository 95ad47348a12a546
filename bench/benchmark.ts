/** One figure of a benchmark. `goal` says what the design asks for, so that a reader can judge. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  readonly goal?: string
}

export type Report = (figure: Figure) => void

/** What a file `<name>.bench.ts` exports as `benchmark`. It starts and stops whatever it needs. */
export interface Benchmark {
  readonly title: string
  run(report: Report): Promise<void>
}

const rounded = (value: number) => (Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)))

/** A report that prints a readable row and the machine-readable `BENCH` line. */
export function reporter(benchmark: string): Report {
  return ({ name, value, unit, goal }) => {
    if (!Number.isFinite(value)) throw new Error(`${benchmark}.${name} could not be measured`)
    const figure = { name: `${benchmark}.${name}`, value: rounded(value), unit, ...(goal ? { goal } : {}) }
    process.stdout.write(
      `  ${name.padEnd(36)} ${figure.value.toLocaleString('en').padStart(12)} ${unit.padEnd(8)} ${goal ?? ''}\n`,
    )
    process.stdout.write(`BENCH ${JSON.stringify(figure)}\n`)
  }
}

/** The value below which the share `q` (0–1) of the samples lies. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
}
