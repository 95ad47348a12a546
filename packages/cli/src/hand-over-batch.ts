import { readFileSync } from 'node:fs'
import { SluisError } from '@sluis/shared'
import type { CommandContext } from './command-context.ts'

export interface BatchFlags {
  readonly batch?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

interface Outcome {
  readonly line?: number
  readonly id?: string
  readonly outcome?: string
  readonly grant?: { readonly id: string; readonly state: string }
  readonly database?: string
  readonly problem?: { readonly code: string; readonly detail: string; readonly hint?: string }
  readonly error?: { readonly code: string; readonly detail: string }
}

/** Sends a file of handovers and prints each outcome as it comes; throws at the end when a line failed. */
export async function handOverBatch(
  file: string,
  { dryRun, json }: BatchFlags,
  context: CommandContext,
): Promise<void> {
  const body = readBatch(file)
  const response = await context
    .client()
    .send('POST', `/handovers/batch${dryRun ? '?dryRun=true' : ''}`, body, {
      'content-type': 'application/x-ndjson',
    })
  const counts = new Map<string, number>()
  const failed: string[] = []
  let held = ''
  const take = (text: string) => {
    if (text === '') return
    const outcome = JSON.parse(text) as Outcome
    if (outcome.error) failed.push(`the batch stopped: ${outcome.error.detail} (${outcome.error.code})`)
    if (outcome.problem) failed.push(`line ${outcome.line}`)
    const kind = outcome.problem?.code ?? outcome.outcome ?? 'stopped'
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
    context.output.write(`${json ? text : toText(outcome)}\n`)
  }
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    const lines = (held + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n')
    held = lines.pop() ?? ''
    for (const line of lines) take(line)
  }
  take(held)
  if (!json) {
    context.output.write(
      `${[...counts].map(([kind, count]) => `${count} ${kind}`).join(', ') || 'No lines.'}\n`,
    )
  }
  if (failed.length > 0) {
    throw new SluisError('INVALID_REQUEST', `Not everything was taken: ${failed.slice(0, 5).join('; ')}.`, {
      hint: 'Correct those lines and send the file again: lines that were taken are not sent twice.',
    })
  }
}

function readBatch(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new SluisError('OPTIONS_INVALID', `The batch file ${file} cannot be read.`, {
      hint: 'Give a file with one JSON object a line.',
      cause,
    })
  }
}

function toText({ line, id, outcome, grant, database, problem, error }: Outcome): string {
  const name = `${line ?? '-'}${id === undefined ? '' : ` ${id}`}`
  const fault = problem ?? error
  if (fault) return `${name}: ${fault.code} ${fault.detail}`
  const result = grant ? ` ${grant.id} ${grant.state}` : ''
  return `${name}: ${outcome}${result}${database === undefined ? '' : ` database ${database}`}`
}
