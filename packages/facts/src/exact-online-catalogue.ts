import { readFileSync } from 'node:fs'

/** One property of an endpoint. `w` lists where it can be set: `c` on POST, `u` on PUT; absent means read-only. */
export interface CatalogueProperty {
  readonly name: string
  /** `Edm.*`, `Collection(X)` for a navigation collection, or `Exact.Web.Api.Models…` for a complex type. */
  readonly type: string
  readonly key?: boolean
  /** Required on POST. */
  readonly mandatory?: boolean
  readonly w?: string
}

/** One endpoint of Exact Online's REST API as its reference documents it. */
export interface CatalogueEntry {
  readonly service: string
  readonly entity: string
  /** With `{division}` where the company code goes; no country host. */
  readonly uri: string
  readonly methods: readonly string[]
  readonly kind: 'rest' | 'bulk' | 'sync' | 'function'
  /** Rows a page; absent where answers are not paged. */
  readonly pageSize?: number
  readonly properties: readonly CatalogueProperty[]
  /** The application scope that reading needs, as the app registration names it. */
  readonly scope?: string
  readonly webhook?: boolean
  readonly beta?: boolean
  readonly retired?: boolean
  /** Where filtering is mandatory: one of these must stand in `$filter`. */
  readonly filterFields?: readonly string[]
  readonly src: string
}

let catalogue: readonly CatalogueEntry[] | undefined

/**
 * All 438 endpoints of Exact Online, read once.
 * @see https://start.exactonline.nl/docs/HlpRestAPIResources.aspx (compiled November 2026)
 */
export function exactOnlineCatalogue(): readonly CatalogueEntry[] {
  catalogue ??= JSON.parse(
    readFileSync(new URL('../data/exact-online-catalogue.json', import.meta.url), 'utf8'),
  ) as CatalogueEntry[]
  return catalogue
}
