import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SluisError } from '@sluis/shared'

/** A process id alone is reused by the system; together with its start time it names one process. */
function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // Fields after the command name, which may itself hold blanks: state is 3, start time is 22 (proc(5)).
    const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' ? null : (rest[18] ?? '')
  } catch {
    if (process.platform === 'linux') return null
    try {
      process.kill(pid, 0)
      return ''
    } catch {
      return null
    }
  }
}

const free = 'free\n'

/**
 * Takes the folder for this process until `release`, or throws when a living process has it. A lock left behind by a
 * killed process is taken over.
 *
 * Locks are numbered files and the highest number is the one that counts. Taking over makes the next number, which a
 * hard link does for exactly one taker; nobody removes a lock that might be somebody's fresh one.
 */
export function lockFolder(folder: string, what: string): { release(): void } {
  const mine = join(folder, `owner.${process.pid}.tmp`)
  const write = (text: string) => writeFileSync(mine, text, { mode: 0o600 })
  write(`${process.pid} ${startTimeOf(process.pid) ?? ''}\n`)
  try {
    for (let attempt = 0; attempt < 100; attempt++) {
      const highest = Math.max(0, ...lockNumbers(folder))
      const owner = highest === 0 ? null : readOwner(lockFile(folder, highest))
      if (owner === 'gone') continue
      if (owner && startTimeOf(owner.pid) === owner.startedAt) {
        throw new SluisError('STORE_UNAVAILABLE', `${what} ${folder} is in use by process ${owner.pid}.`, {
          hint: 'Stop that process, or choose another data folder with SLUIS_HOME. To run several servers, give them one DATABASE_URL.',
        })
      }
      const file = lockFile(folder, highest + 1)
      try {
        // A hard link appears whole or not at all, with its content: no reader sees an empty lock.
        linkSync(mine, file)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
        throw error
      }
      const numbers = lockNumbers(folder)
      if (numbers.some((number) => number > highest + 1)) {
        // What was looked at had been taken over and cleared away meanwhile.
        rmSync(file, { force: true })
        continue
      }
      for (const number of numbers) if (number <= highest) rmSync(lockFile(folder, number), { force: true })
      return {
        release() {
          // The number stays, so that a slow taker cannot use it again.
          write(free)
          renameSync(mine, file)
        },
      }
    }
  } finally {
    rmSync(mine, { force: true })
  }
  throw new SluisError('STORE_UNAVAILABLE', `${what} ${folder} could not be locked.`)
}

const lockFile = (folder: string, number: number) => join(folder, `owner.${number}.lock`)

function lockNumbers(folder: string): number[] {
  return readdirSync(folder).flatMap((name) => {
    const number = /^owner\.(\d+)\.lock$/.exec(name)?.[1]
    return number === undefined ? [] : [Number(number)]
  })
}

/** Who holds a lock; null when it was given back, `gone` when it has just been removed. */
function readOwner(file: string): { readonly pid: number; readonly startedAt: string } | null | 'gone' {
  try {
    const [pid = '', startedAt = ''] = readFileSync(file, 'utf8').trim().split(' ')
    return Number(pid) > 0 ? { pid: Number(pid), startedAt } : null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'gone'
    throw error
  }
}
