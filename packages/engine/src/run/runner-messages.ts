import type { ResultFormat } from '../engine.ts'
import type { ResultColumn } from '../plan/statement-plan.ts'

/** Bounds of one query's instance. */
export interface RunLimits {
  readonly memoryBytes: number
  readonly diskBytes: number
  readonly threads: number
}

/** What a runner is asked to do. It gets file names and SQL: no key, address or token. */
export interface RunJob {
  readonly id: number
  /** The query's own folder: the only one that its SQL can touch. */
  readonly folder: string
  readonly views: readonly string[]
  readonly sql: string
  readonly timeZone: string
  readonly limits: RunLimits
  readonly output: /** Rows to a pipe or file; at most `maxRows`. */
    | {
        readonly kind: 'copy'
        readonly format: ResultFormat
        readonly target: string
        readonly maxRows: number | null
      }
    /** The first column's values as text, sent back; nothing when there are more than `most`. */
    | { readonly kind: 'values'; readonly most: number }
}

export type RunnerRequest =
  | { readonly kind: 'run'; readonly job: RunJob }
  | { readonly kind: 'cancel'; readonly id: number }

export type RunnerReply =
  | {
      readonly kind: 'columns'
      readonly id: number
      readonly columns: readonly ResultColumn[]
      readonly isTruncated: boolean
    }
  | {
      readonly kind: 'done'
      readonly id: number
      /** For `values`: null when there were too many. */
      readonly values: readonly (string | null)[] | null
      readonly rssBytes: number
      readonly peakRssBytes: number
    }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
