import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isSluisError, SluisError } from '@sluis/shared'
import { lockFolder } from '@sluis/store'

/** Takes the slots of processes that are gone, until `release`: what they left may be taken over meanwhile. */
export function lockDeadSlots(base: string): { readonly names: readonly string[]; release(): void } {
  const locks = readdirSync(base)
    .filter((name) => /^process-\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [{ name, lock: lockFolder(join(base, name), 'The query folder') }]
      } catch (error) {
        if (isSluisError(error, 'STORE_UNAVAILABLE')) return []
        throw error
      }
    })
  return {
    names: locks.map(({ name }) => name),
    release() {
      for (const { lock } of locks) lock.release()
    },
  }
}

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
