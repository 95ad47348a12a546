import { Zip, ZipDeflate } from 'fflate'
import { cellStyles, type ExcelCell, excelCell, xmlText } from './excel-cell.ts'
import { cellText, type StillRows } from './result-rows.ts'

/** A sheet's rows, of which the heading takes one, and its columns. */
export const mostSheetRows = 1_048_576
const mostSheetColumns = 16_384
/** The archive tells sizes in 32 bits. */
const mostSheetBytes = 0xffff_ffff
/** Rows that are turned into XML at a time: besides what is being compressed, no more than these are in memory. */
export const batchRows = 500

/** Nothing, or what of a result is more than a sheet of Excel holds. */
export function excelExcess({ shown, columns }: Pick<StillRows, 'shown' | 'columns'>): ExcelExcess | null {
  if (shown + 1 > mostSheetRows) return 'rows'
  return columns.length > mostSheetColumns ? 'columns' : null
}
export type ExcelExcess = 'rows' | 'columns' | 'bytes'

export interface ExcelEnd {
  /** Cells of which the text was longer than Excel holds. */
  readonly cutCells: number
  /** Set where the sheet grew beyond what the archive can hold: what was yielded is no file. */
  readonly excess: ExcelExcess | null
}

/**
 * The bytes of a workbook with what is shown of a result, piece by piece: the next rows are read when the pieces of the
 * rows before were taken.
 * @see ECMA-376 part 1, § 18.3 (worksheets), read 2026-11-25
 */
export function* excelPieces(source: StillRows): Generator<Uint8Array<ArrayBuffer>, ExcelEnd> {
  let ready: Uint8Array<ArrayBuffer>[] = []
  const take = () => {
    const pieces = ready
    ready = []
    return pieces
  }
  const zip = new Zip((error, piece) => {
    if (error) throw error
    if (piece.length > 0) ready.push(piece as Uint8Array<ArrayBuffer>)
  })
  const text = new TextEncoder()
  const open = (name: string) => {
    // Rows of a sheet resemble each other: a higher level takes twice the time for a tenth less.
    const file = new ZipDeflate(name, { level: 1 })
    zip.add(file)
    return file
  }
  for (const [name, content] of Object.entries(workbookParts)) open(name).push(text.encode(content), true)

  const sheet = open('xl/worksheets/sheet1.xml')
  const { columns, shown } = source
  const letters = columns.map((_, index) => columnLetters(index))
  let [bytes, cutCells] = [0, 0]
  const write = (xml: string) => {
    const piece = text.encode(xml)
    bytes += piece.length
    sheet.push(piece)
  }
  const rowXml = (number: number, cells: readonly ExcelCell[]) => {
    let xml = `<row r="${number}">`
    for (const [index, cell] of cells.entries()) {
      if (cell?.kind === 'text' && cell.isCut) cutCells++
      xml += cellXml(`${letters[index]}${number}`, cell, cellStyles.plain)
    }
    return `${xml}</row>`
  }
  const heading = columns.map(({ name }, index) =>
    cellXml(`${letters[index]}1`, { kind: 'text', text: name, isCut: false }, cellStyles.heading),
  )
  write(
    `${sheetStart}<cols>${widthsXml(source)}</cols><sheetData><row r="1">${heading.join('')}</row>`.replace(
      '<cols></cols>',
      '',
    ),
  )
  for (let from = 0; from < shown; from += batchRows) {
    let xml = ''
    for (const [index, row] of source.rows(from, from + batchRows).entries())
      xml += rowXml(
        from + index + 2,
        columns.map(({ type }, column) => excelCell(type, row[column])),
      )
    write(xml)
    yield* take()
    if (bytes > mostSheetBytes - sheetEnd.length) return { cutCells, excess: 'bytes' }
  }
  sheet.push(text.encode(sheetEnd), true)
  zip.end()
  yield* take()
  return { cutCells, excess: null }
}

function cellXml(place: string, cell: ExcelCell, textStyle: number): string {
  if (cell === null) return ''
  switch (cell.kind) {
    case 'text':
      return `<c r="${place}" s="${textStyle}" t="inlineStr"><is><t xml:space="preserve">${xmlText(cell.text)}</t></is></c>`
    case 'number':
      return `<c r="${place}" s="${cell.style}"><v>${cell.text}</v></c>`
    case 'truth':
      return `<c r="${place}" t="b"><v>${cell.isTrue ? 1 : 0}</v></c>`
    default:
      return cell satisfies never
  }
}

/** The name of a column: A to Z, AA to ZZ, AAA and so on. */
export function columnLetters(index: number): string {
  const last = String.fromCharCode(65 + (index % 26))
  return index < 26 ? last : `${columnLetters(Math.floor(index / 26) - 1)}${last}`
}

/** Columns as wide as their names and their first rows. */
function widthsXml(source: StillRows): string {
  const first = source.rows(0, 100)
  return source.columns
    .map(({ name, type }, index) => {
      const most = Math.max(name.length, ...first.map((row) => cellText(row[index]).length))
      const width = type.startsWith('TIMESTAMP') ? 19 : Math.min(60, Math.max(8, most + 2))
      return `<col min="${index + 1}" max="${index + 1}" width="${width}" customWidth="1"/>`
    })
    .join('')
}

const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const packageRelations = 'http://schemas.openxmlformats.org/package/2006/relationships'
const content = 'application/vnd.openxmlformats-officedocument.spreadsheetml'

// The heading stays in sight.
const sheetStart = `${declaration}<worksheet xmlns="${main}"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`
const sheetEnd = '</sheetData></worksheet>'

/** Everything of a workbook with one sheet but the sheet; the formats stand in the order of `cellStyles`. */
const workbookParts: Readonly<Record<string, string>> = {
  '[Content_Types].xml': `${declaration}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${content}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${content}.worksheet+xml"/><Override PartName="/xl/styles.xml" ContentType="${content}.styles+xml"/></Types>`,
  '_rels/.rels': `${declaration}<Relationships xmlns="${packageRelations}"><Relationship Id="rId1" Type="${relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
  'xl/workbook.xml': `${declaration}<workbook xmlns="${main}" xmlns:r="${relations}"><sheets><sheet name="Result" sheetId="1" r:id="rId1"/></sheets></workbook>`,
  'xl/_rels/workbook.xml.rels': `${declaration}<Relationships xmlns="${packageRelations}"><Relationship Id="rId1" Type="${relations}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${relations}/styles" Target="styles.xml"/></Relationships>`,
  'xl/styles.xml': `${declaration}<styleSheet xmlns="${main}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/><numFmt numFmtId="165" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="4"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/><xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/><xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/><xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`,
}
