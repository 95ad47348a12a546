import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
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

/**
 * Takes the folder for this process until `release`, or throws when a living process has it. A lock left behind by a
 * killed process is taken over.
 */
export function lockFolder(folder: string, what: string): { release(): void } {
  const file = join(folder, 'owner.lock')
  const mine = join(folder, `owner.${process.pid}.tmp`)
  writeFileSync(mine, `${process.pid} ${startTimeOf(process.pid) ?? ''}\n`, { mode: 0o600 })
  try {
    for (let attempt = 0; attempt < 20; attempt++) {
      try {
        // A hard link appears whole or not at all, with its content: no reader sees an empty lock.
        linkSync(mine, file)
        return { release: () => rmSync(file, { force: true }) }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
      const [pid, startedAt] = readOwner(file)
      const isAlive = pid !== null && startTimeOf(pid) === startedAt
      if (isAlive) {
        throw new SluisError('STORE_UNAVAILABLE', `${what} ${folder} is in use by process ${pid}.`, {
          hint: 'Stop that process, or choose another data folder with SLUIS_HOME. To run several servers, give them one DATABASE_URL.',
        })
      }
      // Renaming takes the stale lock away from exactly one of several takers.
      try {
        renameSync(file, `${mine}.stale`)
        rmSync(`${mine}.stale`, { force: true })
      } catch {}
    }
  } finally {
    rmSync(mine, { force: true })
  }
  throw new SluisError('STORE_UNAVAILABLE', `${what} ${folder} could not be locked.`)
}

function readOwner(file: string): [pid: number | null, startedAt: string] {
  try {
    const [pid = '', startedAt = ''] = readFileSync(file, 'utf8').trim().split(' ')
    return [Number(pid) || null, startedAt]
  } catch {
    return [null, '']
  }
}
