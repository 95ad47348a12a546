import type { Journal } from '@sluis/emulator-shared'
import type { Collation } from './api/collation.ts'

export interface DataOptions {
  readonly seed: number
  readonly divisions: number
  readonly scale: number
}

export interface SettingsRecord {
  readonly data: DataOptions
  readonly collation: Collation
}

/** What `POST /_control/data` chose. It outlives the emulator and then wins over the options of the start. */
export class Settings {
  readonly #journal: Journal
  #current: SettingsRecord

  constructor(journal: Journal, fallback: SettingsRecord) {
    this.#journal = journal
    this.#current = journal.read<SettingsRecord>().at(-1) ?? fallback
  }

  get current(): SettingsRecord {
    return this.#current
  }

  keep(settings: SettingsRecord): void {
    this.#current = settings
    this.#journal.append(settings, { isDurable: true })
  }

  close(): void {
    this.#journal.close()
  }
}
