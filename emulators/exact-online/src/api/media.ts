/** How an answer is written: JSON where it was asked for, else Atom. */
export type Format = 'json' | 'atom'

/**
 * The representation that an `Accept` header asks for; null where the service has none of those named. Without a header
 * it is Atom, as it is for the wildcards of browsers and HTTP libraries; `application/xml` alone is refused.
 * @see wire.md § 3.2
 */
export function formatOf(accept: string | undefined): Format | null {
  if (accept === undefined || accept.trim() === '') return 'atom'
  const ranges = accept.split(',').flatMap((text) => {
    const [range = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
    const quality = Number(parameters.find((part) => part.startsWith('q='))?.slice(2) ?? 1)
    return quality > 0 ? [{ range, quality }] : []
  })
  const best = (...names: string[]) =>
    Math.max(0, ...ranges.filter(({ range }) => names.includes(range)).map(({ quality }) => quality))
  const json = best('application/json')
  const atom = best('application/atom+xml')
  if (json > 0 && json >= atom) return 'json'
  return atom > 0 || best('*/*', 'application/*') > 0 ? 'atom' : null
}

/** Whether a document that exists as XML only may be sent. */
export function takesXml(accept: string | undefined): boolean {
  return accept === undefined || accept.trim() === '' || /application\/(xml|\*)|text\/xml|\*\/\*/.test(accept)
}

export const contentTypes = {
  json: 'application/json; charset=utf-8',
  feed: 'application/atom+xml;type=feed;charset=utf-8',
  entry: 'application/atom+xml;type=entry;charset=utf-8',
  xml: 'application/xml;charset=utf-8',
  text: 'text/plain;charset=utf-8',
} as const
