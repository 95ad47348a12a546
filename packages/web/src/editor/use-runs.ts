import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { ApiClient } from '../api/api-client.ts'
import {
  cancelStatement,
  type Explanation,
  explain,
  type Question,
  startStatement,
} from '../api/statements.ts'
import type { StatementRange } from './statement-at.ts'

/** What became of a tab's last Run. */
export type RunState =
  | { readonly kind: 'explaining' }
  /** Explained, and not run: because only that was asked, or because it is dear enough to ask first. */
  | {
      readonly kind: 'explained'
      readonly explanation: Explanation
      readonly isAsking: boolean
      readonly question: Question
    }
  /** Refused before a call was made; `from` is where the statement stands in the tab's text. */
  | { readonly kind: 'refused'; readonly error: unknown; readonly from: number }
  | { readonly kind: 'started'; readonly statement: string; readonly explanation: Explanation | null }

/** More calls than this are not made without asking: Exact Online allows 60 a minute and 5,000 a day. */
const askAbove = 100

/** Runs of the tabs of one database: explained first, then started on the server, where they go on without this page. */
export function useRuns(
  api: ApiClient,
  database: string,
  onStarted: (tab: string, statement: string) => void,
) {
  const queries = useQueryClient()
  const [states, setStates] = useState<Readonly<Record<string, RunState>>>({})
  const set = (tab: string, state: RunState) => setStates((now) => ({ ...now, [tab]: state }))

  const start = async (tab: string, question: Question, explanation: Explanation, from: number) => {
    try {
      const { id } = await startStatement(api, database, question)
      set(tab, { kind: 'started', statement: id, explanation })
      onStarted(tab, id)
      await queries.invalidateQueries({ queryKey: ['databases', database, 'statements'], exact: true })
    } catch (error) {
      set(tab, { kind: 'refused', error, from })
    }
  }
  return {
    states,
    /** Shows what a statement would cost, and runs it where it is cheap and only reads. */
    async ask(tab: string, question: Question, { from }: StatementRange, isRun: boolean): Promise<void> {
      set(tab, { kind: 'explaining' })
      try {
        const explanation = await explain(api, database, question)
        const isDear = explanation.calls.expected > askAbove || explanation.write !== undefined
        if (isRun && !isDear) return await start(tab, question, explanation, from)
        set(tab, { kind: 'explained', explanation, isAsking: isRun, question })
      } catch (error) {
        set(tab, { kind: 'refused', error, from })
      }
    },
    async confirm(tab: string): Promise<void> {
      const state = states[tab]
      if (state?.kind === 'explained') await start(tab, state.question, state.explanation, 0)
    },
    dismiss(tab: string): void {
      setStates(({ [tab]: _, ...rest }) => rest)
    },
    async cancel(statement: string): Promise<void> {
      await cancelStatement(api, database, statement).catch(() => {})
      await queries.invalidateQueries({ queryKey: ['databases', database, 'statements'] })
    },
  }
}
