import type { ResultReply, ResultRequest } from './result-messages.ts'
import { ResultRows } from './result-rows.ts'

/** More would not fit the height of a page that scrolls, and Excel's sheets end a little above. */
const mostRows = 1_000_000

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
    case 'excel': {
      const { excelFile } = await import('./excel-file.ts')
      return scope.postMessage({ kind: 'excel', id: request.id, file: await excelFile(rows) })
    }
    default:
      request satisfies never
  }
}
