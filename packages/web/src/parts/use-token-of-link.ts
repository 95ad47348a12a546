import { useEffect, useState } from 'react'

/** The secret behind the # of a link that was opened. It leaves the address at once, and with it the browser's history. */
export function useTokenOfLink(): string | null {
  const [token] = useState(() => new URLSearchParams(location.hash.slice(1)).get('token') || null)
  useEffect(() => history.replaceState(history.state, '', location.pathname + location.search), [])
  return token
}
