/** The waits of a statement's calls at any moment: tells until when the first of them lasts. */
export class VisibleWaits {
  readonly #waits = new Set<{ readonly until: number }>()
  readonly #onChange: (until: number | null) => void

  constructor(onChange: (until: number | null) => void) {
    this.#onChange = onChange
  }

  /** A wait begins; what is given ends it. */
  begin(until: number): () => void {
    const wait = { until }
    this.#waits.add(wait)
    this.#tell()
    return () => {
      this.#waits.delete(wait)
      this.#tell()
    }
  }

  #tell(): void {
    const untils = [...this.#waits].map(({ until }) => until)
    this.#onChange(untils.length === 0 ? null : Math.min(...untils))
  }
}
