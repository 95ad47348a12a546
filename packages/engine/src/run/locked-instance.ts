import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { RunLimits } from './runner-messages.ts'
import { literal } from './scan-view.ts'

/**
 * A DuckDB instance of its own that can reach nothing but `folder`: no network, no other files, no extensions, no
 * settings. User SQL runs in it.
 */
export async function openLockedInstance(
  folder: string,
  limits: RunLimits,
  timeZone: string,
): Promise<{ readonly connection: DuckDBConnection; close(): void }> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(limits.threads),
    memory_limit: `${Math.floor(limits.memoryBytes / 1_000_000)}MB`,
    temp_directory: `${folder}/temp`,
    max_temp_directory_size: `${Math.floor(limits.diskBytes / 1_000_000)}MB`,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  })
  const connection = await instance.connect()
  await connection.run(`SET TimeZone = ${literal(timeZone)}`)
  await connection.run(`SET allowed_directories = [${literal(`${folder}/`)}]`)
  await connection.run('SET enable_external_access = false')
  await connection.run('SET lock_configuration = true')
  return {
    connection,
    close() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}
