import { type ApiClient, clientFromEnvironment } from './api-client.ts'
import type { SecretSource } from './read-secret.ts'

/** What a command works with: the world as arguments. */
export interface CommandContext extends SecretSource {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly client: () => ApiClient
}

export function contextOf(process: NodeJS.Process): CommandContext {
  return {
    env: process.env,
    input: process.stdin,
    output: process.stdout,
    client: () => clientFromEnvironment(process.env),
  }
}

/** Prints one JSON document with `--json`, else what `forPeople` makes of it. */
export function print(
  context: CommandContext,
  isJson: boolean | undefined,
  value: unknown,
  forPeople: () => string,
): void {
  context.output.write(`${isJson ? JSON.stringify(value) : forPeople()}\n`)
}
