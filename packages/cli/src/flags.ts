import { SluisError } from '@sluis/shared'
import type { Command } from 'commander'

export interface RepeatableFlags {
  readonly idempotencyKey?: string
}

/** Adds the flag that makes a command safe to repeat after a lost answer. */
export function repeatable(command: Command): Command {
  return command.option('--idempotency-key <text>', 'the same command with the same key makes it once')
}

/** The header of a command that may be repeated. */
export const onceHeaders = ({ idempotencyKey }: RepeatableFlags): Record<string, string> =>
  idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }

/** A whole number as it was given, or a sentence that says which flag holds none. */
export function wholeNumber(flag: string, text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new SluisError('INVALID_REQUEST', `${flag} "${text}" is not a whole number.`)
}

/** A list as it was given: separated by commas, spaces do not count. */
export const listOf = (text: string): readonly string[] => text.split(',').map((item) => item.trim())
