import type { ErrorCode } from '@sluis/shared'
import type { Scan } from '../catalog/scan.ts'
import type { PlatformTable } from '../catalog/table.ts'
import type { PlanRequest, UntimedPlan } from './plan-statement.ts'

/** What a planner process is told. It gets table descriptions and SQL: no key, address or token. */
export type PlannerRequest =
  /** Tables under the name by which later plans refer to them. */
  | { readonly kind: 'catalogue'; readonly key: string; readonly tables: readonly PlatformTable[] }
  | { readonly kind: 'forget'; readonly key: string }
  | {
      readonly kind: 'plan'
      readonly id: number
      readonly request: Omit<PlanRequest, 'tables'>
      readonly sources: readonly SourceKey[]
    }

export interface SourceKey {
  readonly alias: string
  /** The catalogue that this source's tables are. */
  readonly key: string
}

/** A plan whose tables are told by their place, because both ends hold them. */
export type SentPlan = Omit<UntimedPlan, 'scans'> & {
  readonly scans: readonly (Omit<Scan, 'table'> & { readonly tableIndex: number })[]
}

export type PlannerReply =
  | {
      readonly kind: 'planned'
      readonly id: number
      readonly plan: SentPlan
      readonly planMs: number
      readonly rssBytes: number
    }
  /** A refusal in our words; `code` null is a fault of the planner itself. */
  | {
      readonly kind: 'failed'
      readonly id: number
      readonly code: ErrorCode | null
      readonly message: string
      readonly hint: string | null
      readonly details: Readonly<Record<string, unknown>>
    }
