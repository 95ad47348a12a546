import { readFileSync } from 'node:fs'
import { z } from 'zod'

const columnShape = z.object({
  field: z.string().regex(/^fin\.[a-z0-9.]+$/),
  visible: z.boolean(),
  ask: z.boolean().nullish(),
  operator: z.enum(['none', 'equal', 'between', 'like']).nullish(),
  type: z.enum(['String', 'Number', 'Decimal', 'Value', 'Date', 'Datetime', 'Long']),
})

const codeShape = z.object({
  name: z.string().min(1),
  definitionComplete: z.boolean(),
  columns: z.array(columnShape).min(1),
})

export type BrowseColumn = z.infer<typeof columnShape>
export type BrowseCode = z.infer<typeof codeShape> & { readonly code: string }

let codes: readonly BrowseCode[] | undefined

/**
 * Twinfield's browse codes with the columns that public definitions, answers and clients show; not the complete column
 * set of each code. Each names its sources in the data file (compiled November 2026).
 */
export function twinfieldBrowseCodes(): readonly BrowseCode[] {
  codes ??= Object.entries(
    z
      .object({ codes: z.record(z.string(), codeShape) })
      .parse(
        JSON.parse(readFileSync(new URL('../data/twinfield-browse-columns.json', import.meta.url), 'utf8')),
      ).codes,
  )
    .map(([code, entry]) => ({ code, ...entry }))
    // Keys that look like whole numbers come first in a JavaScript object: sorted, the order is that of the codes.
    .sort((a, b) => (a.code < b.code ? -1 : 1))
  return codes
}
