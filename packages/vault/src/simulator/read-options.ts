import { type ParseArgsConfig, parseArgs } from 'node:util'

/** Flags from the command line. What is not understood ends the process with one sentence, the usage and status 2. */
export function readOptions<const Options extends NonNullable<ParseArgsConfig['options']>>(
  options: Options,
  usage: string,
) {
  const help = { help: { type: 'boolean', short: 'h' } } as const
  const read = () => parseArgs({ options: { ...options, ...help } }).values
  let values: ReturnType<typeof read>
  try {
    values = read()
  } catch (error) {
    // Node adds advice for options that begin with a dash to its first sentence.
    const [sentence] = (error as Error).message.split('. To specify')
    return stop(`${sentence?.replace(/\.?$/, '.')}\n\n${usage}`)
  }
  if ('help' in values && values.help === true) {
    process.stdout.write(usage)
    process.exit(0)
  }
  return values
}

/** A number of a flag, or the end of the process with a sentence. */
export function readNumber(name: string, text: string, form: RegExp, kind: string): number {
  if (form.test(text)) return Number(text)
  return stop(`--${name} takes ${kind}, not "${text}".\n`)
}

export const readWholeNumber = (name: string, text: string) =>
  readNumber(name, text, /^\d{1,10}$/, 'a whole number')

function stop(text: string): never {
  process.stderr.write(text)
  process.exit(2)
}
