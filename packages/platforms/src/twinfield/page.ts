import type { PageRows } from '@sluis/engine'
import { SluisError } from '@sluis/shared'
import { SaxesParser } from 'saxes'

const chunkBytes = 1 << 16

/**
 * The rows of an answer as JSON, one a line: browse rows by field, with `key.code`, `key.number`, `key.line`; other
 * rows by the path of their elements, attributes as `@name`, lines within a row as the list `Lines`. Of an element that
 * comes twice the first counts. Empty is left out, so that it reads as NULL. The document is parsed piece by piece; only the rows are kept.
 */
export function readXmlPage(body: Buffer): PageRows & { readonly bytes: Buffer } {
  const parser = new SaxesParser()
  const decoder = new TextDecoder()
  const lines: string[] = []
  const path: string[] = []
  /** Where the document begins in `path`, and the name of its rows. */
  let root = -1
  let rowName = ''
  let row: Record<string, string | Record<string, string>[]> | null = null
  let line: Record<string, string> | null = null
  let rowAt = 0
  let text = ''
  let field = ''
  const keep = (name: string, value: string) => {
    if (row !== null && value !== '' && !Object.hasOwn(row, name)) row[name] = value
  }
  parser.on('opentag', ({ name, attributes }) => {
    if (root < 0 && path.at(-1) === 'ProcessXmlDocumentResult') {
      root = path.length
      // One thing that is not there is answered by an element of its name.
      rowName = attributes.result === '0' ? '' : name === 'browse' ? 'tr' : name.replace(/s$/, '')
    }
    path.push(name)
    text = ''
    if (root < 0) return
    if (row === null && name === rowName) {
      row = {}
      rowAt = path.length
      for (const [key, value] of Object.entries(attributes)) keep(`@${key}`, value)
    }
    if (row !== null && path.slice(rowAt).join('/') === 'lines/line') line = {}
    if (name === 'td') field = attributes.field ?? ''
  })
  const add = (part: string) => {
    if (row !== null) text += part
  }
  parser.on('text', add)
  parser.on('cdata', add)
  parser.on('closetag', ({ name }) => {
    if (row !== null) {
      const below = path.slice(rowAt)
      if (path.length === rowAt) {
        if (rowName !== 'tr' && Object.keys(row).every((key) => key.startsWith('@'))) keep('code', text)
        lines.push(JSON.stringify(row))
        row = null
      } else if (rowName === 'tr') {
        if (name === 'td') keep(field, text)
        else if (path.at(-2) === 'key') keep(`key.${name}`, text)
      } else if (line !== null) {
        if (below.length === 3 && text.trim() !== '') line[name] ??= text
        if (below.length === 2) {
          row.Lines = [...((row.Lines ?? []) as Record<string, string>[]), line]
          line = null
        }
      } else if (text.trim() !== '') keep(below.join('/'), text)
    }
    text = ''
    path.pop()
  })
  try {
    for (let at = 0; at < body.length; at += chunkBytes) {
      parser.write(decoder.decode(body.subarray(at, at + chunkBytes), { stream: true }))
    }
    parser.write(decoder.decode()).close()
  } catch (cause) {
    throw unreadable('it is not well-formed XML', cause)
  }
  if (root < 0) throw unreadable('it holds no document')
  const bytes = Buffer.from(lines.join('\n'))
  return { start: 0, end: bytes.length, rows: lines.length, next: null, isLines: true, bytes }
}

function unreadable(why: string, cause?: unknown): SluisError {
  return new SluisError('PLATFORM_UNAVAILABLE', `Twinfield answered a page that cannot be read: ${why}.`, {
    hint: 'Ask again later. If it stays so, the service has changed: report this.',
    cause,
  })
}
