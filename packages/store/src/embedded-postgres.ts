import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Log, SluisError } from '@sluis/shared'
import pg from 'pg'
import { lockFolder } from './folder-lock.ts'
import { findPostgresBinaries } from './postgres-binaries.ts'
import { type Launch, launchFor, ownerFor } from './unprivileged-user.ts'

export interface EmbeddedPostgres {
  readonly connection: { host: string; port: number; user: string; password: string; database: string }
  /** The postmaster's process id. */
  readonly pid: number
  stop(): Promise<void>
}

/** The port is only part of the socket's file name: nothing listens on TCP. */
const port = 5432
/** A Unix socket's path may have 107 bytes (sun_path), with `/.s.PGSQL.5432.lock` counted in. */
const longestSocketFolder = 107 - '/.s.PGSQL.5432.lock'.length

/**
 * Starts PostgreSQL 18 on `folder` (created at first), reachable through a private Unix socket only, with fsync on.
 * What an earlier process left behind after `kill -9` (a lock, a living or dead postmaster, a stale pid file) is
 * cleared away first. The server stops when this process ends, however it ends.
 */
export async function startEmbeddedPostgres(folder: string, log: Log): Promise<EmbeddedPostgres> {
  try {
    return await startIn(folder, log)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const reason = diskFaults[code ?? '']
    if (reason === undefined) throw error
    throw new SluisError('STORE_UNAVAILABLE', `The database folder ${folder} cannot be used: ${reason}.`, {
      hint: 'Mend that, or choose another data folder with SLUIS_HOME.',
      cause: error,
    })
  }
}

const diskFaults: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the disk can only be read',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a file stands where a folder should be',
}

async function startIn(folder: string, log: Log): Promise<EmbeddedPostgres> {
  const isRoot = process.getuid?.() === 0
  // As root the server runs under another account, which must be able to pass through this folder.
  mkdirSync(folder, { recursive: true, mode: isRoot ? 0o711 : 0o700 })
  const home = realpathSync(folder)
  const lock = lockFolder(home, 'The database folder')
  try {
    const data = join(home, 'data')
    const binaries = findPostgresBinaries(join(home, 'lib'))
    const launch = launchFor([binaries.postgres, data])
    const env = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin', SLUIS_LIBRARY_PATH: binaries.libraryPath }
    await clearOrphans(data, log)
    const password = passwordOf(home)
    if (!isInitialised(data)) initialise(home, data, binaries.initdb, password, launch, env)
    const socketFolder = makeSocketFolder(home)
    const logFile = join(home, 'postgres.log')
    if (existsSync(logFile) && statSync(logFile).size > 16 << 20) renameSync(logFile, `${logFile}.1`)
    const child = spawnServer(binaries.postgres, data, socketFolder, logFile, launch, env)
    const connection = { host: socketFolder, port, user: 'sluis', password, database: 'postgres' }
    const stop = async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.stdin?.end()
      await ended
    }
    await untilReady(connection, child, logFile).catch(async (error) => {
      await stop()
      throw error
    })
    const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0])
    log.debug({ pid, folder: home }, 'embedded PostgreSQL is ready')
    return {
      connection,
      pid,
      async stop() {
        await stop()
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

/**
 * The wrapper holds a pipe from us; when its other end closes (we stop, or are killed) it asks the server for a fast
 * shutdown. A death signal by the kernel would do on Linux only, and is lost when the account changes.
 */
const wrapper = `
LD_LIBRARY_PATH="$SLUIS_LIBRARY_PATH"; DYLD_LIBRARY_PATH="$SLUIS_LIBRARY_PATH"; export LD_LIBRARY_PATH DYLD_LIBRARY_PATH
unset SLUIS_LIBRARY_PATH
trap '' INT HUP
exec 3<&0
( trap - INT HUP; exec "$@" </dev/null 3<&- ) &
server=$!
{ cat <&3 >/dev/null; kill -INT "$server"; } 2>/dev/null &
watcher=$!
wait "$server"
status=$?
kill "$watcher" 2>/dev/null
exit "$status"`

function spawnServer(
  postgres: string,
  data: string,
  socketFolder: string,
  logFile: string,
  launch: Launch,
  env: Record<string, string>,
): ChildProcess {
  const settings = {
    listen_addresses: '',
    unix_socket_directories: socketFolder,
    unix_socket_permissions: '0700',
    port: String(port),
    max_connections: '200',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    cluster_name: 'sluis',
    log_min_messages: 'warning',
    // An error's statement may carry values that do not belong in a log file.
    log_min_error_statement: 'panic',
    log_parameter_max_length: '0',
    log_parameter_max_length_on_error: '0',
  }
  const command = [
    ...launch.prefix,
    postgres,
    '-D',
    data,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]
  const output = openSync(logFile, 'a', 0o600)
  try {
    return spawn('/bin/sh', ['-c', wrapper, 'sluis-postgres', ...command], {
      env,
      cwd: '/',
      stdio: ['pipe', output, output],
      // Its own group: Ctrl-C in a terminal must reach us first, so that we can close in order.
      detached: true,
      ...(launch.uid === undefined ? {} : { uid: launch.uid, gid: launch.gid ?? launch.uid }),
    })
  } finally {
    closeSync(output)
  }
}

/**
 * Whether the data folder is there: it gets its name only when `initdb` has finished. A folder with files but without
 * a database is nobody's to delete.
 */
function isInitialised(data: string): boolean {
  if (existsSync(join(data, 'PG_VERSION'))) return true
  if (!existsSync(data)) return false
  if (readdirSync(data).length === 0) {
    rmSync(data, { recursive: true })
    return false
  }
  throw new SluisError('STORE_UNAVAILABLE', `${data} holds files but no PostgreSQL database.`, {
    hint: 'Restore it from a backup, or move it away to start with an empty database.',
  })
}

/** Removes what first starts that were killed half-way have left. */
function removeHalfMade(home: string, own?: string): void {
  for (const name of readdirSync(home)) {
    const path = join(home, name)
    if (name.startsWith('data.new-') && path !== own) {
      rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    }
  }
}

function initialise(
  home: string,
  target: string,
  initdb: string,
  password: string,
  launch: Launch,
  env: Record<string, string>,
): void {
  removeHalfMade(home)
  const data = join(home, `data.new-${randomBytes(6).toString('hex')}`)
  mkdirSync(data, { mode: 0o700 })
  const owner = ownerFor()
  const passwordFile = join(home, 'initdb.password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (owner) for (const path of [data, passwordFile]) chownSync(path, ...owner)
  const options = ['-D', data, '-U', 'sluis', '-A', 'scram-sha-256', '--pwfile', passwordFile]
  const [command = '', ...rest] = [...launch.prefix, initdb, ...options, '-E', 'UTF8', '--locale=C']
  const result = spawnSync(command, rest, {
    env: {
      ...env,
      LD_LIBRARY_PATH: env.SLUIS_LIBRARY_PATH ?? '',
      DYLD_LIBRARY_PATH: env.SLUIS_LIBRARY_PATH ?? '',
    },
    cwd: '/',
    encoding: 'utf8',
    ...(launch.uid === undefined ? {} : { uid: launch.uid, gid: launch.gid ?? launch.uid }),
  })
  rmSync(passwordFile, { force: true })
  if (result.status !== 0) {
    rmSync(data, { recursive: true, force: true })
    const text = (result.stderr || result.error?.message || '').trim().split('\n').slice(-3).join(' ')
    throw new SluisError('RUNTIME_INCOMPLETE', `PostgreSQL could not make its data folder: ${text}`, {
      hint: 'Check that the disk has room and that this user may write there, or set DATABASE_URL.',
    })
  }
  // The initdb of a start that was killed may have gone on meanwhile, and made its folder anew.
  removeHalfMade(home, data)
  renameSync(data, target)
  syncFolder(home)
}

/** A new name must survive a power cut, too. */
function syncFolder(folder: string): void {
  const file = openSync(folder, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Made once, whole or not at all: an empty one after a power cut would lock us out of our own database. */
function passwordOf(home: string): string {
  const file = join(home, 'password')
  if (!existsSync(file)) {
    const part = openSync(`${file}.new`, 'w', 0o600)
    writeSync(part, randomBytes(24).toString('base64url'))
    fsyncSync(part)
    closeSync(part)
    renameSync(`${file}.new`, file)
    syncFolder(home)
  }
  return readFileSync(file, 'utf8')
}

function makeSocketFolder(home: string): string {
  const near = join(home, 'run')
  const far = join(tmpdir(), `sluis-${createHash('sha256').update(home).digest('hex').slice(0, 16)}`)
  const folder = Buffer.byteLength(near) <= longestSocketFolder ? near : far
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const owner = ownerFor() ?? [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
  const found = lstatSync(folder)
  const isOurs = found.isDirectory() && [owner[0], process.getuid?.()].includes(found.uid)
  if (!isOurs) {
    throw new SluisError(
      'STORE_UNAVAILABLE',
      `${folder} belongs to somebody else, so no socket goes there.`,
      {
        hint: 'Use a data folder with a shorter path (SLUIS_HOME).',
      },
    )
  }
  chownSync(folder, owner[0], owner[1])
  chmodSync(folder, 0o700)
  return folder
}

/** Ends what still serves this folder, and takes away a pid file that names a process of somebody else. */
async function clearOrphans(data: string, log: Log): Promise<void> {
  const pidFile = join(data, 'postmaster.pid')
  for (let round = 0; ; round++) {
    const named = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8').split('\n')[0]) : 0
    const serving = processesIn(data, named)
    if (serving.length === 0) break
    if (round === 0) log.warn({ pids: serving }, 'ending the PostgreSQL that an earlier process left behind')
    // Fast shutdown first; the signal that ends without a checkpoint only when that has not helped for 10 s.
    const signal = round < 500 ? 'SIGINT' : 'SIGQUIT'
    if (round % 50 === 0) {
      for (const pid of serving.includes(named) ? [named] : serving) {
        try {
          process.kill(pid, signal)
        } catch {}
      }
    }
    if (round > 1500) {
      throw new SluisError('STORE_UNAVAILABLE', `Process ${serving.join(', ')} still serves ${data}.`, {
        hint: 'End it, then start again.',
      })
    }
    await delay(20)
  }
  rmSync(pidFile, { force: true })
}

/** Processes whose working folder is the data folder: PostgreSQL and its workers stay in it for life. */
function processesIn(data: string, named: number): number[] {
  if (process.platform === 'linux') {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((name) => {
        try {
          return readlinkSync(`/proc/${name}/cwd`) === data
        } catch {
          return false
        }
      })
      .map(Number)
  }
  if (!named) return []
  const { stdout } = spawnSync('ps', ['-o', 'command=', '-p', String(named)], { encoding: 'utf8' })
  return stdout?.includes(data) ? [named] : []
}

async function untilReady(
  connection: EmbeddedPostgres['connection'],
  child: ChildProcess,
  logFile: string,
): Promise<void> {
  const startedAt = performance.now()
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) {
      const tail = readFileSync(logFile, 'utf8').trim().split('\n').slice(-3).join(' ')
      throw new SluisError('STORE_UNAVAILABLE', `The embedded PostgreSQL stopped at its start: ${tail}`, {
        hint: `The whole story is in ${logFile}.`,
      })
    }
    const client = new pg.Client(connection)
    client.on('error', () => {})
    try {
      await client.connect()
      await client.end()
      return
    } catch (error) {
      const { code } = error as { code?: string }
      if (code === '28P01') {
        throw new SluisError('STORE_UNAVAILABLE', 'The embedded PostgreSQL refuses its own password.', {
          hint: 'The file "password" beside the data folder was changed; restore it.',
        })
      }
      // A large crash recovery may take minutes; the server says so with 57P03 and is worth waiting for.
      if (performance.now() - startedAt > (code === '57P03' ? 600_000 : 60_000)) throw error
    }
    await delay(15)
  }
}
