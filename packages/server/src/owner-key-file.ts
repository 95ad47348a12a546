import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RandomBytes } from '@sluis/shared'

/**
 * The first owner's key, for a database that has no key yet: made once, mode 0600, and the same for every process that
 * shares this folder. Its text goes nowhere but into this file.
 */
export function loadOrCreateOwnerKey(home: string, random: RandomBytes) {
  const file = join(home, 'owner.key')
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, `${Buffer.from(random(32)).toString('base64url')}\n`, { mode: 0o600 })
  try {
    // A link appears whole or not at all, and never replaces a key that another process has just made.
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(draft, { force: true })
  }
  return { file, key: readFileSync(file, 'utf8').trim() }
}
