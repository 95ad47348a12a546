import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { options } from '@sluis/shared'
import { describeApi, statusOf } from '@sluis/surfaces/http'
import { type ApiDocument, clientTypes } from './client-types.ts'

const made = 'Made by `node run.mjs reference` from the declarations in the code; do not edit.'
const typesPath = 'packages/sdk/src/api-types.ts'

/** Everything that is written from what the code declares: path → text. */
export async function madeFiles(): Promise<ReadonlyMap<string, string>> {
  const document = (await describeApi()) as ApiDocument
  return new Map([...referencePages(), [typesPath, clientTypes(document, '/api/v1', made)]])
}

/** The pages of `docs/reference`. */
export function referencePages(): ReadonlyMap<string, string> {
  const optionRows = Object.values(options).map(
    ({ env, flag, fallback, help }) =>
      `| \`${env}\` | ${flag === '' ? '' : `\`${flag}\``} | ${fallback === null ? '' : `\`${fallback}\``} | ${help} |`,
  )
  const errorRows = Object.entries(statusOf)
    .sort(([a, one], [b, other]) => one - other || (a < b ? -1 : 1))
    .map(([code, status]) => `| \`${code}\` | ${status} |`)
  return new Map([
    [
      'docs/reference/options.md',
      `# Options\n\n${made} A flag wins over the environment.\n\n| environment | flag of \`serve\` | without it | what |\n|---|---|---|---|\n${optionRows.join('\n')}\n`,
    ],
    [
      'docs/reference/errors.md',
      `# Error codes\n\n${made} Errors are \`application/problem+json\` with a stable \`code\`, a \`detail\` that says what happened and mostly a \`hint\` that says what to do.\n\n| code | HTTP status |\n|---|---|\n${errorRows.join('\n')}\n`,
    ],
  ])
}

const root = fileURLToPath(new URL('..', import.meta.url))

/** Files that differ from what the code declares. */
export async function outdatedFiles(): Promise<readonly string[]> {
  const current = (path: string) => {
    try {
      return readFileSync(`${root}${path}`, 'utf8')
    } catch {
      return null
    }
  }
  return [...(await madeFiles())].flatMap(([path, text]) => (current(path) === text ? [] : [path]))
}

if (process.argv[1]?.endsWith('scripts/reference.ts')) {
  for (const [path, text] of await madeFiles()) writeFileSync(`${root}${path}`, text)
}
