import { globSync, readFileSync, writeFileSync } from 'node:fs'
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
  // Talks HTTP only; how, it takes from the types that are made of the API's description.
  'packages/web': ['packages/sdk'],
  // Goes to partners' machines and browsers alone.
  'packages/sdk': [],
  'packages/cli': ['packages/shared', 'packages/sdk', 'packages/server'],
  'emulators/shared': [],
  'emulators/exact-online': ['packages/shared', 'packages/facts', 'emulators/shared'],
  'emulators/oauth': ['packages/facts', 'emulators/shared'],
  'emulators/twinfield': ['packages/shared', 'packages/facts', 'emulators/shared'],
}
const isWiring = (path: string) =>
  ['packages/server/', 'bench/', 'scripts/', 'examples/', 'emulators/main.ts'].some((start) =>
    path.startsWith(start),
  )

export interface Import {
  readonly from: string
  readonly to: string
  readonly isTypeOnly: boolean
  /** The import names a file of another package instead of what that package exports. */
  readonly isPastEntry?: boolean
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
  const kinds = ['packages', 'emulators', 'examples', 'bench', 'scripts']
  const files = globSync(
    kinds.flatMap((kind) => [`${kind}/**/*.ts`, `${kind}/**/*.tsx`]),
    { cwd: root, exclude: (path) => path.includes('node_modules') },
  )
  const statement =
    /^\s*(?:import|export)\s+(type\s)?([^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm
  for (const from of files) {
    for (const [, type, , plain, dynamic] of readFileSync(join(root, from), 'utf8').matchAll(statement)) {
      const name = plain ?? dynamic ?? ''
      const to = name.startsWith('.')
        ? relative(root, resolve(root, dirname(from), name))
        : (names.get(name) ?? (name.startsWith('@sluis/') ? name : undefined))
      if (to === undefined) continue
      const isPastEntry = name.startsWith('.') && to.startsWith('packages/') && partOf(from) !== partOf(to)
      found.push({ from, to, isTypeOnly: type !== undefined, ...(isPastEntry ? { isPastEntry } : {}) })
    }
  }
  return found
}

const partOf = (path: string) => path.split('/').slice(0, 2).join('/')

/** One sentence for each import that points against the arrows or past a package's entry point. */
export function findForbidden(imports: readonly Import[]): string[] {
  return imports.flatMap(({ from, to, isPastEntry }) => {
    const [source, target] = [partOf(from), partOf(to)]
    if (isPastEntry) return [`${from} imports ${to} past the entry point of ${target}`]
    if (to.startsWith('@sluis/')) return [`${from} imports ${to}, which no package exports`]
    if (source === target || isWiring(from)) return []
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

/** The arrows between parts that the code really has, tests and wiring left out, as a Mermaid graph. */
export function drawGraph(imports: readonly Import[]): string {
  const name = (path: string) => partOf(path).replace('packages/', '').replace('emulators/', 'emulator ')
  const arrows = new Set(
    imports
      .filter(
        ({ from, to }) => !/\.(test|bench)\.tsx?$|\/testing\//.test(from) && partOf(from) !== partOf(to),
      )
      .filter(({ from }) => /^(packages|emulators)\/[^/]+\//.test(from))
      .map(({ from, to }) => `  ${nodeOf(name(from))} --> ${nodeOf(name(to))}`),
  )
  return ['graph TD', ...[...arrows].sort()].join('\n')
}

const nodeOf = (name: string) => `${name.replace(/\W/g, '_')}["${name}"]`

const page = 'docs/why/architecture.md'
const markers = ['<!-- parts: drawn by scripts/check-imports.ts -->', '<!-- /parts -->'] as const

/** The page with the graph of these imports between its markers. */
export function withGraph(text: string, imports: readonly Import[]): string {
  const [start, end] = [text.indexOf(markers[0]), text.indexOf(markers[1])]
  if (start < 0 || end < start) throw new Error(`${page} lacks the markers of the graph`)
  return `${text.slice(0, start + markers[0].length)}\n\`\`\`mermaid\n${drawGraph(imports)}\n\`\`\`\n${text.slice(end)}`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const imports = readImports(root)
  const faults = [...findForbidden(imports), ...findCycles(imports).map((cycle) => `import cycle: ${cycle}`)]
  const text = readFileSync(join(root, page), 'utf8')
  const drawn = withGraph(text, imports)
  if (process.argv.includes('--draw')) writeFileSync(join(root, page), drawn)
  else if (drawn !== text)
    faults.push(`${page} shows other arrows than the code has: run "npm run check -- --draw"`)
  for (const fault of faults) process.stderr.write(`${fault}\n`)
  process.stdout.write(`${imports.length} imports between files, ${faults.length} against the rules\n`)
  if (faults.length > 0) process.exitCode = 1
}
