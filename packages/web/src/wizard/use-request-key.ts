import { useRef } from 'react'

/** The same request gets the same key, so that pressing twice, or after an error, is one request. */
export function useRequestKey() {
  const last = useRef(nothing)
  return {
    of(slug: string, wanted: unknown): RequestKey {
      const text = JSON.stringify(wanted)
      if (text !== last.current.text) {
        const key = crypto.randomUUID()
        last.current = { text, key, name: `${slug}-${key.slice(0, 8)}` }
      }
      return last.current
    },
    /** After it was carried out: what it is compared by holds the secrets that were handed over. */
    forget(): void {
      last.current = nothing
    },
  }
}

interface RequestKey {
  readonly text: string
  readonly key: string
  readonly name: string
}
const nothing: RequestKey = { text: '', key: '', name: '' }
