import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isSluisError, SluisError } from '@sluis/shared'
import { lockFolder } from '@sluis/store'

/** A folder that no other living process uses; what dead ones left is removed. */
export function ownFolder(base: string): { readonly folder: string; release(): void } {
  mkdirSync(base, { recursive: true, mode: 0o700 })
  for (let number = 1; number <= 1000; number++) {
    const folder = join(base, `process-${number}`)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    try {
      const lock = lockFolder(folder, 'The query folder')
      for (const name of readdirSync(folder))
        if (!name.startsWith('owner.')) rmSync(join(folder, name), { recursive: true, force: true })
      return { folder, release: () => lock.release() }
    } catch (error) {
      if (!isSluisError(error, 'STORE_UNAVAILABLE')) throw error
    }
  }
  throw new SluisError('STORE_UNAVAILABLE', `No query folder is free below ${base}.`)
}
