import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { IssuerModeName } from './issuer-modes.ts'
import type { IssuerFault, IssuerSettings } from './issuer-process.ts'
import type { LedgerEntry, TokenPair } from './ledger-issuer.ts'

/** An issuer that runs in a process of its own, and what its operator can do. */
export class IssuerProcess {
  readonly url: string
  readonly #child: ChildProcess

  private constructor(url: string, child: ChildProcess) {
    this.url = url
    this.#child = child
  }

  static async start(settings: IssuerSettings): Promise<IssuerProcess> {
    const child = spawn(
      process.execPath,
      [new URL('issuer-process.ts', import.meta.url).pathname, JSON.stringify(settings)],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    )
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
    return new IssuerProcess((JSON.parse(line) as { url: string }).url, child)
  }

  async #ask<T>(name: string, body: unknown): Promise<T> {
    const response = await fetch(`${this.url}/_lab/${name}`, { method: 'POST', body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`the issuer answered ${response.status} to ${name}`)
    return (await response.json()) as T
  }

  mint(mode: IssuerModeName, count: number, ageSeconds = 0): Promise<(TokenPair & { chain: number })[]> {
    return this.#ask('mint', { mode, count, ageSeconds })
  }

  /** The next token requests meet these, one each. */
  fault(faults: readonly IssuerFault[]): Promise<unknown> {
    return this.#ask('faults', faults)
  }

  async ledger(from = 0): Promise<LedgerEntry[]> {
    return (await this.#ask<{ entries: LedgerEntry[] }>('ledger', { from })).entries
  }

  /** For each token: whether it would be taken, with its chain and generation. */
  honours(tokens: readonly string[]): Promise<{ honours: boolean; chain?: number; generation?: number }[]> {
    return this.#ask('honours', tokens)
  }

  advance(advanceSeconds: number): Promise<unknown> {
    return this.#ask('clock', { advanceSeconds })
  }

  setLatency(ms: number): Promise<unknown> {
    return this.#ask('latency', { ms })
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.stdin?.end()
    await ended
  }
}
