import { useRef } from 'react'

/** The same request gets the same key, so that pressing twice, or after an error, is one request. */
export function useRequestKey() {
  const last = useRef({ text: '', key: '', name: '' })
  return (slug: string, wanted: unknown) => {
    const text = JSON.stringify(wanted)
    if (text !== last.current.text) {
      const key = crypto.randomUUID()
      last.current = { text, key, name: `${slug}-${key.slice(0, 8)}` }
    }
    return last.current
  }
}
