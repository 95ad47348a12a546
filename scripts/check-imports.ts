import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The arrows of `docs/why/architecture.md` as data: a part may import the parts named here and nothing else of
 * ours. Tests and the wiring code may reach further, because they put the parts together.
 */
const arrows: Record<string, readonly string[]> = {
  'packages/shared': [],
  'packages/facts': [],
  'packages/store': ['packages/shared'],
  'packages/people': ['packages/shared', 'packages/store'],
  'packages/vault': ['packages/shared', 'packages/store'],
  'packages/engine': ['packages/shared', 'packages/store'],
  'packages/platforms': ['packages/shared', 'packages/facts', 'packages/vault', 'packages/engine'],
  'packages/surfaces': ['packages/shared', 'packages/people', 'packages/vault', 'packages/engine'],
  'packages/sdk': ['packages/shared'],
  'packages/cli': ['packages/shared', 'packages/sdk', 'packages/server'],
  'emulators/exact-online': ['packages/shared', 'packages/facts'],
}
const wiring = ['packages/server', 'bench', 'scripts', 'examples', 'emulators/main.ts']

export interface Import {
  readonly from: string
  readonly to: string
  readonly isTypeOnly: boolean
}

/** Every import of one file of ours by another, both as paths from the repository's root. */
export function readImports(root: string): Import[] {
  const names = new Map<string, string>()
  for (const file of globSync(['packages/*/package.json', 'emulators/*/package.json'], { cwd: root })) {
    const { name, exports } = JSON.parse(readFileSync(join(root, file), 'utf8')) as {
      name: string
      exports: Record<string, string>
    }
    for (const [key, path] of Object.entries(exports)) {
      names.set(name + key.slice(1), join(dirname(file), path))
    }
  }
  const found: Import[] = []
  const files = globSync(['packages/**/*.ts', 'emulators/**/*.ts', 'bench/**/*.ts'], {
    cwd: root,
    exclude: (path) => path.includes('node_modules'),
  })
  const statement =
    /^\s*(?:import|export)\s+(type\s)?([^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm
  for (const from of files) {
    for (const [, type, , plain, dynamic] of readFileSync(join(root, from), 'utf8').matchAll(statement)) {
      const name = plain ?? dynamic ?? ''
      const to = name.startsWith('.')
        ? relative(root, resolve(root, dirname(from), name))
        : (names.get(name) ?? (name.startsWith('@sluis/') ? name : undefined))
      if (to !== undefined) found.push({ from, to, isTypeOnly: type !== undefined })
    }
  }
  return found
}

const partOf = (path: string) => path.split('/').slice(0, 2).join('/')

/** One sentence for each import that points against the arrows or past a package's entry point. */
export function findForbidden(imports: readonly Import[]): string[] {
  return imports.flatMap(({ from, to }) => {
    const [source, target] = [partOf(from), partOf(to)]
    if (to.startsWith('@sluis/')) return [`${from} imports ${to}, which no package exports`]
    if (source === target || wiring.some((part) => from.startsWith(part))) return []
    const isTest = /\.(test|bench)\.ts$|\/testing\//.test(from)
    if (isTest || arrows[source]?.includes(target)) return []
    return [
      `${from} imports ${to}: ${source} may use only ${arrows[source]?.join(', ') || 'nothing of ours'}`,
    ]
  })
}

/** The first cycle of value imports found from each file, as a readable chain. */
export function findCycles(imports: readonly Import[]): string[] {
  const next = new Map<string, string[]>()
  for (const { from, to, isTypeOnly } of imports) {
    if (!isTypeOnly) next.set(from, [...(next.get(from) ?? []), to])
  }
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (file: string, path: readonly string[]) => {
    const seenAt = path.indexOf(file)
    if (seenAt >= 0) {
      cycles.push([...path.slice(seenAt), file].join(' → '))
      return
    }
    if (done.has(file)) return
    for (const target of next.get(file) ?? []) visit(target, [...path, file])
    done.add(file)
  }
  for (const file of next.keys()) visit(file, [])
  return cycles
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const imports = readImports(fileURLToPath(new URL('..', import.meta.url)))
  const faults = [...findForbidden(imports), ...findCycles(imports).map((cycle) => `import cycle: ${cycle}`)]
  for (const fault of faults) process.stderr.write(`${fault}\n`)
  process.stdout.write(`${imports.length} imports between files, ${faults.length} against the rules\n`)
  if (faults.length > 0) process.exitCode = 1
}
