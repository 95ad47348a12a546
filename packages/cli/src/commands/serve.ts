import { createLog, readServerOptions, startServer } from '@sluis/server'
import { type OptionName, options } from '@sluis/shared'
import { type Command, Option } from 'commander'
import type { CommandContext } from '../command-context.ts'

/** `sluis serve`: the server, until Ctrl-C. */
export function serveCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('serve')
    .description('run the server')
    .option('--json', 'print the address as one JSON line')
  for (const option of Object.values(options)) {
    if (option.flag === '') continue
    const text = `${option.help} (${option.env}${option.fallback === null ? '' : `, ${option.fallback}`})`
    command.addOption(new Option(`${option.flag} <${option.type}>`, text))
  }
  command.action(async (given: Record<string, string | boolean>) => {
    const flags: Partial<Record<OptionName, string>> = {}
    for (const name of Object.keys(options) as OptionName[]) {
      const value = given[name]
      if (typeof value === 'string') flags[name] = value
    }
    const settings = readServerOptions(context.env, flags)
    const server = await startServer(settings, createLog(settings.logLevel))
    const { url, ownerKeyFile, setupUrl } = server
    context.output.write(
      given.json
        ? `${JSON.stringify({ url, ...(ownerKeyFile === null ? {} : { ownerKeyFile }), ...(setupUrl === null ? {} : { setupUrl }) })}\n`
        : [
            `Sluis serves at ${url}`,
            `  API   ${url}/api/v1 (described at ${url}/api/docs)`,
            `  data  ${settings.home}`,
            ...(ownerKeyFile === null
              ? []
              : [`  key   ${ownerKeyFile} (the first owner’s API key: SLUIS_API_KEY_FILE names it)`]),
            ...(setupUrl === null
              ? []
              : [`  owner ${setupUrl} (works once, for a day: makes the first owner)`]),
            'Ctrl-C stops it.',
            '',
          ].join('\n'),
    )
    await untilStopped()
    await server.close()
  })
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends at once. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        process.once(signal, () => process.exit(130))
        resolve()
      })
    }
  })
}
