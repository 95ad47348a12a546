import type { ExcelExcess } from './excel-file.ts'
import type { Envelope, ResultColumn, ResultView } from './result-rows.ts'

/** What the page asks of the worker that keeps a result. */
export type ResultRequest =
  | { readonly kind: 'bytes'; readonly bytes: ArrayBuffer }
  | { readonly kind: 'finish'; readonly id: number }
  | { readonly kind: 'rows'; readonly id: number; readonly from: number; readonly to: number }
  | { readonly kind: 'view'; readonly id: number; readonly view: ResultView }
  | { readonly kind: 'excel'; readonly id: number }

export type ResultReply =
  | {
      readonly kind: 'grown'
      readonly count: number
      readonly columns: readonly ResultColumn[]
      readonly isFull: boolean
    }
  | { readonly kind: 'finished'; readonly id: number; readonly count: number; readonly envelope: Envelope }
  | { readonly kind: 'rows'; readonly id: number; readonly rows: unknown[][] }
  | { readonly kind: 'view'; readonly id: number; readonly shown: number }
  | { readonly kind: 'excel'; readonly id: number; readonly file: Blob; readonly cutCells: number }
  | { readonly kind: 'excess'; readonly id: number; readonly excess: ExcelExcess }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
