import { useEffect, useRef, useState } from 'react'
import { type ApiClient, ApiFault } from '../../api/api-client.ts'
import { openResult } from '../../api/statements.ts'
import { ResultClient } from './result-client.ts'
import type { Envelope, ResultColumn } from './result-rows.ts'

export interface ResultState {
  readonly columns: readonly ResultColumn[]
  /** Rows that have come so far. */
  readonly count: number
  readonly isReading: boolean
  /** There are more rows than are shown; an export has all. */
  readonly isFull: boolean
  readonly error: unknown
  readonly client: ResultClient | null
}

const nothing: ResultState = {
  columns: [],
  count: 0,
  isReading: true,
  isFull: false,
  error: null,
  client: null,
}
/** The page hears of new rows this often and not at every piece. */
const tellEveryMs = 120

/** The rows of a finished statement, read into a worker while they stream. */
export function useResult(api: ApiClient, database: string, statement: string): ResultState {
  const [state, setState] = useState(nothing)
  const told = useRef(0)
  useEffect(() => {
    const stop = new AbortController()
    const change = (next: Partial<ResultState>) => {
      if (!stop.signal.aborted) setState((now) => ({ ...now, ...next }))
    }
    let isFull = false
    const client = new ResultClient((grown) => {
      isFull = grown.isFull
      const now = performance.now()
      if (now - told.current < tellEveryMs && !isFull) return
      told.current = now
      const { count, columns } = grown
      change({ count, columns, isFull })
    })
    setState({ ...nothing, client })
    const read = async (): Promise<void> => {
      const response = await openResult(api, database, statement, stop.signal)
      const reader = response.body?.getReader()
      for (;;) {
        const piece = await reader?.read()
        if (piece === undefined || piece.done) break
        client.append(piece.value as Uint8Array<ArrayBuffer>)
        if (isFull) {
          await reader?.cancel()
          break
        }
      }
      const { count, envelope } = await client.finish()
      const error = isFull ? null : faultIn(envelope)
      change({ count, columns: envelope.columns, isReading: false, isFull, error })
    }
    read().catch((error: unknown) => change({ error, isReading: false }))
    return () => {
      stop.abort()
      client.close()
    }
  }, [api, database, statement])
  return state
}

/** An answer that ends early says so behind its rows, or is cut off. */
function faultIn({ error, stats }: Envelope): ApiFault | null {
  if (error !== undefined) {
    const { code, detail, hint } = error as { code: string; detail: string; hint?: string }
    return new ApiFault({ code, status: 0, detail, ...(hint === undefined ? {} : { hint }) })
  }
  if (stats !== undefined) return null
  return new ApiFault({
    code: 'ANSWER_CUT_OFF',
    status: 0,
    detail: 'The connection ended before the last row.',
  })
}
