import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { SluisError } from '@sluis/shared'

/** Where secrets come from: never an argument, which every process of the machine can read. */
export interface SecretSource {
  readonly input: NodeJS.ReadStream
  readonly output: NodeJS.WriteStream
}

let lines: AsyncIterator<string> | undefined

/** The next line of standard input, so that what is asked later still has its own; null at the end. */
export async function nextLine({ input }: SecretSource): Promise<string | null> {
  lines ??= createInterface({ input })[Symbol.asyncIterator]()
  // Waiting for a line keeps this process alive, an input that nobody ends does not. A file has no such say.
  input.ref?.()
  const { value, done } = await lines.next()
  input.unref?.()
  return done ? null : value.trim()
}

/** Whether somebody types at a terminal, and no line of it was read as it stands. */
export const isTyped = ({ input }: SecretSource): boolean => input.isTTY === true && lines === undefined

/**
 * A secret from a file (`-` is standard input, one secret a line in the order they are asked for), else from a prompt
 * that shows nothing of what is typed. Null when an optional one is left empty.
 */
export async function readSecret(
  name: string,
  file: string | undefined,
  source: SecretSource,
  isOptional = false,
): Promise<string | null> {
  if (file === '-') {
    return (await nextLine(source)) || (isOptional ? null : missing(name))
  }
  if (file !== undefined) {
    try {
      return readFileSync(file, 'utf8').trim() || missing(name)
    } catch (error) {
      if (error instanceof SluisError) throw error
      throw new SluisError('INVALID_REQUEST', `The file ${file} with the ${name} cannot be read.`)
    }
  }
  const { input, output } = source
  if (!input.isTTY) return isOptional ? null : missing(name)
  output.write(`${name}${isOptional ? ' (Enter for none)' : ''}: `)
  const typed = await typeHidden(input)
  output.write('\n')
  return typed || (isOptional ? null : missing(name))
}

function missing(name: string): never {
  throw new SluisError('INVALID_REQUEST', `The ${name} is missing.`, {
    hint: 'Name a file with it, use - to read it from standard input, or type it at the prompt.',
  })
}

function typeHidden(input: NodeJS.ReadStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed = ''
    input.setRawMode(true)
    input.resume()
    const end = (finish: () => void) => {
      input.setRawMode(false)
      input.pause()
      input.off('data', onData)
      finish()
    }
    const onData = (chunk: Buffer) => {
      for (const character of chunk.toString()) {
        if (character === '\u0003') return end(() => reject(new SluisError('QUERY_CANCELLED', 'Cancelled.')))
        if (character === '\r' || character === '\n') return end(() => resolve(typed.trim()))
        typed = character === '\u007f' ? typed.slice(0, -1) : typed + character
      }
    }
    input.on('data', onData)
  })
}
