import type { AuditEvent } from '@sluis/people'

export type AuditFormat = 'ndjson' | 'csv'

const columns = ['id', 'at', 'actor', 'action', 'subject', 'facts'] as const

/** Audit events as a file, a line at a time. */
export async function* auditText(
  events: AsyncIterable<AuditEvent>,
  format: AuditFormat,
): AsyncGenerator<string> {
  if (format === 'csv') yield `${columns.join(',')}\r\n`
  for await (const event of events) {
    yield format === 'csv'
      ? `${columns.map((column) => cell(event[column])).join(',')}\r\n`
      : `${JSON.stringify(event)}\n`
  }
}

/** @see RFC 4180. What a spreadsheet would take for a formula is made text. */
function cell(value: unknown): string {
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
