import type { ResultReply, ResultRequest } from './result-messages.ts'
import { ResultRows } from './result-rows.ts'

/** More would not fit the height of a page that scrolls; with its heading this fills a sheet of Excel. */
const mostRows = 1_048_575
/** A file is handed to the browser in parts of this size, which it keeps outside this worker. */
const partBytes = 4 << 20

interface WorkerScope {
  onmessage: ((event: MessageEvent<ResultRequest>) => void) | null
  postMessage(message: ResultReply): void
}
const scope = globalThis as unknown as WorkerScope
const rows = new ResultRows(mostRows)

// Away from the page, so that reading, sorting and finding never make it wait.
scope.onmessage = ({ data }) => {
  answer(data).catch((error: Error) => {
    if ('id' in data) scope.postMessage({ kind: 'failed', id: data.id, message: error.message })
  })
}

async function answer(request: ResultRequest): Promise<void> {
  switch (request.kind) {
    case 'bytes':
      rows.append(new Uint8Array(request.bytes))
      return scope.postMessage({
        kind: 'grown',
        count: rows.count,
        columns: rows.columns,
        isFull: rows.isFull,
      })
    case 'finish': {
      const envelope = rows.finish()
      return scope.postMessage({ kind: 'finished', id: request.id, count: rows.count, envelope })
    }
    case 'rows':
      return scope.postMessage({ kind: 'rows', id: request.id, rows: rows.rows(request.from, request.to) })
    case 'view':
      return scope.postMessage({ kind: 'view', id: request.id, shown: rows.setView(request.view) })
    case 'excel':
      return scope.postMessage({ id: request.id, ...(await excel()) })
    default:
      request satisfies never
  }
}

/** What is shown now as a workbook. Between its parts other questions are answered. */
async function excel() {
  const { excelExcess, excelPieces } = await import('./excel-file.ts')
  const shown = rows.still()
  // What is kept of a larger result would look whole.
  const excess = rows.isFull ? 'rows' : excelExcess(shown)
  if (excess !== null) return { kind: 'excess', excess } as const
  const parts: Blob[] = []
  let pieces: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  const writing = excelPieces(shown)
  for (;;) {
    const next = writing.next()
    if (next.done) {
      if (next.value.excess !== null) return { kind: 'excess', excess: next.value.excess } as const
      const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
      return {
        kind: 'excel',
        file: new Blob([...parts, ...pieces], { type }),
        cutCells: next.value.cutCells,
      } as const
    }
    pieces.push(next.value)
    size += next.value.length
    if (size < partBytes) continue
    parts.push(new Blob(pieces))
    pieces = []
    size = 0
    await new Promise((resolve) => setTimeout(resolve))
  }
}
