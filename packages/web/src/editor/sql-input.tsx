import {
  autocompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { PostgreSQL, sql as sqlLanguage } from '@codemirror/lang-sql'
import { bracketMatching, syntaxHighlighting } from '@codemirror/language'
import { setDiagnostics } from '@codemirror/lint'
import { EditorState, Prec } from '@codemirror/state'
import { EditorView, highlightActiveLine, keymap, lineNumbers, placeholder } from '@codemirror/view'
import { classHighlighter } from '@lezer/highlight'
import { type RefObject, useEffect, useRef } from 'react'
import { cspNonce } from '../csp-nonce.ts'
import { useLanguage } from '../i18n/language.tsx'
import { type KnownColumn, type KnownTable, nameBefore, type Proposal, proposalsAt } from './completions.ts'
import { type StatementRange, statementAt } from './statement-at.ts'

/** What may be proposed for a statement, with the columns of the tables that it mentions. */
export type LoadCatalogue = (sql: string) => Promise<{
  readonly tables: readonly KnownTable[]
  readonly columnsOf: (table: KnownTable) => readonly KnownColumn[]
}>

export interface SqlInputHandle {
  /** What is selected; an empty range is the cursor. */
  readonly selection: () => StatementRange
  readonly focus: () => void
}

/** Where an error stands, from 0. */
export interface ErrorMark {
  readonly at: number
  readonly message: string
}

const kinds: Readonly<Record<Proposal['kind'], string>> = {
  schema: 'namespace',
  table: 'class',
  function: 'function',
  column: 'property',
  alias: 'variable',
}
const toCompletion = ({ label, kind, detail }: Proposal): Completion => ({
  label,
  type: kinds[kind],
  ...(detail === undefined ? {} : { detail }),
  ...(kind === 'function' ? { apply: `${label}(` } : {}),
  // What the statement itself mentions is likelier than one of 450 tables.
  boost: kind === 'column' || kind === 'alias' ? 20 : 1,
})

interface Props {
  readonly tab: string
  readonly sql: string
  readonly label: string
  readonly onChange: (sql: string) => void
  readonly onRun: () => void
  readonly loadCatalogue: LoadCatalogue
  readonly mark: ErrorMark | null
  readonly handle: RefObject<SqlInputHandle | null>
}

/** The text of a tab, edited with CodeMirror: completion from the catalogue, errors where they stand, Ctrl+Enter runs. */
export function SqlInput(props: Props) {
  const { tab, sql, mark, handle, label } = props
  const { language } = useLanguage()
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const latest = useRef(props)
  latest.current = props
  /** Each tab keeps its own history of changes and its cursor. */
  const states = useRef(new Map<string, EditorState>())
  const shown = useRef('')

  useEffect(() => {
    if (host.current === null) return
    // With the nonce from the start: styles are made once for the whole page, by the first editor in it.
    const made = new EditorView({ parent: host.current, extensions: EditorView.cspNonce.of(cspNonce()) })
    view.current = made
    handle.current = {
      selection: () => made.state.selection.main,
      focus: () => made.focus(),
    }
    return () => {
      states.current.set(shown.current, made.state)
      shown.current = ''
      handle.current = null
      view.current = null
      made.destroy()
    }
  }, [handle])

  useEffect(() => {
    const { current } = view
    if (current === null || shown.current === tab) return
    if (shown.current !== '') states.current.set(shown.current, current.state)
    shown.current = tab
    const kept = states.current.get(tab)
    current.setState(kept?.doc.toString() === sql ? kept : newState(sql, label, language === 'nl', latest))
  }, [tab, sql, label, language])

  useEffect(() => {
    const { current } = view
    if (current === null) return
    const text = current.state.doc.toString()
    const at = mark === null ? 0 : Math.min(mark.at, text.length)
    const word = /^[\p{L}\p{N}_."]+/u.exec(text.slice(at))?.[0].length ?? 1
    const to = Math.min(text.length, at + word)
    const marks = mark === null ? [] : [{ from: at, to, severity: 'error' as const, message: mark.message }]
    current.dispatch(setDiagnostics(current.state, marks))
    if (mark !== null) current.dispatch({ selection: { anchor: at }, scrollIntoView: true })
  }, [mark])

  return <div ref={host} className="sql-input" />
}

function newState(sql: string, label: string, isDutch: boolean, latest: RefObject<Props>): EditorState {
  const complete = async (context: CompletionContext): Promise<CompletionResult | null> => {
    const whole = context.state.doc.toString()
    const range = statementAt(whole, { from: context.pos, to: context.pos })
    const from = range !== null && range.from <= context.pos ? range.from : context.pos
    const text = whole.slice(from, Math.max(range?.to ?? from, context.pos))
    const name = nameBefore(text, context.pos - from)
    if (name === null) return null
    const isBare = name.path.length === 0 && name.from === context.pos - from
    if (isBare && !context.explicit) return null
    const { tables, columnsOf } = await latest.current.loadCatalogue(text)
    const options = proposalsAt(text, name.path, tables, columnsOf).map(toCompletion)
    return { from: from + name.from, options, validFor: /^[\p{L}\p{N}_]*$/u }
  }
  return EditorState.create({
    doc: sql,
    extensions: [
      EditorView.cspNonce.of(cspNonce()),
      Prec.highest(
        keymap.of([
          {
            key: 'Mod-Enter',
            run: () => {
              latest.current.onRun()
              return true
            },
          },
        ]),
      ),
      lineNumbers(),
      history(),
      highlightActiveLine(),
      bracketMatching(),
      closeBrackets(),
      autocompletion({ icons: false }),
      sqlLanguage({ dialect: PostgreSQL, upperCaseKeywords: true }),
      PostgreSQL.language.data.of({ autocomplete: complete }),
      syntaxHighlighting(classHighlighter),
      placeholder('SELECT …'),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ 'aria-label': label }),
      // Tab leaves the editor, as everywhere on the page (WCAG 2.1.2); Enter takes a proposal.
      keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
      EditorState.phrases.of(
        isDutch ? { Completions: 'Voorstellen', Diagnostics: 'Fouten', 'No diagnostics': 'Geen fouten' } : {},
      ),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) latest.current.onChange(update.state.doc.toString())
      }),
    ],
  })
}
