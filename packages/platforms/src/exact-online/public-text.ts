const maxLength = 300

/**
 * A platform's own words, safe to show, log and store: one line, at most 300 characters, with everything that could
 * be a token, code or secret replaced by `…`.
 */
export function publicText(text: string): string {
  const line = text
    .replace(/<[^>]{0,500}>/g, ' ')
    .replace(/((?:token|secret|password|code)["']?\s*[=:]\s*["']?)[^\s"'&,;}]{6,}/gi, '$1…')
    .replace(/\bstamp[A-Z]{2}\d+\.\S+/g, '…')
    // Tokens of Exact are base64url with one "!"; secrets are twelve or more letters and digits.
    .replace(/[\w!~+/=%-]{12,}/g, (run) => (looksLikeWords(run) ? run : '…'))
    .replace(/\s+/g, ' ')
    .trim()
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1).toWellFormed()}…`
}

/** Identifiers and paths made of words: `TooEarlyToRefreshTokens`, `NoDivisionAccess`, `/api/oauth2/token`. */
function looksLikeWords(run: string): boolean {
  return run
    .split(/[_/=%+~!-]/)
    .every((part) => /^(?:v?\d{0,6}|(?:[A-Z]?[a-z]{2,}|No)+\d?|[A-Z]{0,11})$/.test(part) && part.length <= 40)
}
