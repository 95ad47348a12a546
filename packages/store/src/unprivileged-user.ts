import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { SluisError } from '@sluis/shared'

/** How to start PostgreSQL, which refuses to run as root: under which account, and through which launcher. */
export interface Launch {
  readonly uid?: number
  readonly gid?: number
  /** Put before the command; empty when none is needed. */
  readonly prefix: readonly string[]
}

/**
 * For an ordinary user: nothing special. For root: the existing account `nobody` (no account is created). Where a
 * closed parent folder, such as root's own home, keeps that account from the files, it gets the one capability to
 * pass folders through `setpriv`; without `setpriv` the fault is one sentence.
 */
export function launchFor(paths: readonly string[]): Launch {
  if (process.getuid?.() !== 0) return { prefix: [] }
  const [uid, gid] = nobody()
  const closed = paths.map((path) => closedFolderAbove(path, uid)).find((folder) => folder !== null)
  if (closed === undefined) return { uid, gid, prefix: [] }
  const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path))
  if (!setpriv) {
    throw new SluisError(
      'RUNTIME_INCOMPLETE',
      `PostgreSQL does not run as root, and the account it runs under instead (uid ${uid}) cannot enter ${closed}.`,
      { hint: `Run as an ordinary user, move the folder, "chmod o+x ${closed}", or set DATABASE_URL.` },
    )
  }
  return {
    prefix: [
      setpriv,
      `--reuid=${uid}`,
      `--regid=${gid}`,
      '--clear-groups',
      '--inh-caps=+dac_override',
      '--ambient-caps=+dac_override',
      '--',
    ],
  }
}

function nobody(): [uid: number, gid: number] {
  try {
    const line = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((text) => text.startsWith('nobody:'))
    const [, , uid, gid] = line?.split(':') ?? []
    if (Number(uid) > 0) return [Number(uid), Number(gid)]
  } catch {}
  return [65534, 65534]
}

function closedFolderAbove(path: string, uid: number): string | null {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode, uid: owner } = statSync(folder)
    if ((mode & 0o001) === 0 && !(owner === uid && (mode & 0o100) !== 0)) return folder
    if (folder === dirname(folder)) return null
  }
}

/** The account that must own the data folder, or null when it is ours already. */
export function ownerFor(): readonly [uid: number, gid: number] | null {
  return process.getuid?.() === 0 ? nobody() : null
}
