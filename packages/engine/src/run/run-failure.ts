import { SluisError } from '@sluis/shared'

/**
 * DuckDB's words as an error of ours. Names of views are ours and not the user's, and folders are nobody's business:
 * both are taken out.
 */
export function runFailure(message: string): SluisError {
  const text = message
    .replace(/\n\nLINE \d+:[\s\S]*$/, '')
    .replace(/"?\/[^\s"']*"?/g, '…')
    .trim()
  if (/INTERRUPT/i.test(text)) return new SluisError('QUERY_CANCELLED', 'The statement was cancelled.')
  if (/Out of Memory|max_temp_directory_size|failed to offload/i.test(text)) {
    return new SluisError(
      'QUERY_TOO_LARGE',
      'The statement needs more memory or disk than one query may have.',
      {
        hint: 'Ask for fewer columns or rows, or aggregate before you join.',
      },
    )
  }
  if (/Permission Error/i.test(text)) {
    return new SluisError(
      'SQL_NOT_ALLOWED',
      'The statement tries to reach files or settings, which no query may.',
    )
  }
  return new SluisError('SQL_FAILED', text || 'The statement failed.', {
    hint: 'The data do not fit what the statement does with them; try_cast() and NULLIF() help with odd values.',
  })
}
