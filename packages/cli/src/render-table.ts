const widest = 40

const shown = (value: unknown): string => {
  if (value === null || value === undefined) return '–'
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  const line = text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ')
  return line.length > widest ? `${line.slice(0, widest - 1)}…` : line
}

const isNumeric = (type: string | undefined) =>
  /^(U?(TINY|SMALL|BIG|HUGE)?INT|INTEGER|DECIMAL|DOUBLE|FLOAT)/.test(type ?? '')

/** Rows as a table for people: numbers to the right, long texts cut, NULL as a dash. Control characters never reach the terminal. */
export function renderTable(
  columns: readonly { readonly name: string; readonly type?: string }[],
  rows: readonly (readonly unknown[])[],
): string {
  const texts = rows.map((row) => columns.map((_, index) => shown(row[index])))
  const heads = columns.map(({ name }) => shown(name))
  const widths = heads.map((head, index) =>
    Math.max(head.length, ...texts.map((row) => row[index]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) =>
        isNumeric(columns[index]?.type) ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return [line(heads), widths.map((width) => '─'.repeat(width)).join('  '), ...texts.map(line)].join('\n')
}
