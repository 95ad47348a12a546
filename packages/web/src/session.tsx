import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react'
import type { Organisation, Session } from './api/answers.ts'
import { type ApiClient, problemOf } from './api/api-client.ts'

/** Where we stand with the server. `offersPassword`: people can log in here, not only keys. */
type Standing =
  | { readonly kind: 'asking' }
  | { readonly kind: 'out'; readonly offersPassword: boolean }
  | { readonly kind: 'in'; readonly session: Session }

interface SessionContext {
  readonly api: ApiClient
  readonly standing: Standing
  readonly logInWithKey: (key: string) => Promise<void>
  /** Looks again who we are, after a log-in that set a cookie. */
  readonly ask: () => Promise<void>
  readonly logOut: () => Promise<void>
}

const Context = createContext<SessionContext | null>(null)

export function SessionProvider({
  api,
  children,
}: {
  readonly api: ApiClient
  readonly children: ReactNode
}) {
  const queries = useQueryClient()
  const [standing, setStanding] = useState<Standing>({ kind: 'asking' })

  const ask = useCallback(async () => {
    try {
      const session = await api.call<Session>('GET', '/session')
      api.organisation = session.organisations[0]?.id ?? null
      setStanding({ kind: 'in', session })
    } catch (error) {
      // A server without log-in for people has no such address.
      setStanding({ kind: 'out', offersPassword: problemOf(error).status === 401 })
    }
  }, [api])

  useEffect(() => {
    void ask()
  }, [ask])

  const value = useMemo<SessionContext>(() => {
    api.onUnauthenticated = () => {
      api.useKey(null)
      api.organisation = null
      queries.clear()
      void ask()
    }
    return {
      api,
      standing,
      ask,
      async logInWithKey(key) {
        api.useKey(key)
        try {
          const { organisations } = await api.call<{ organisations: Organisation[] }>('GET', '/organisations')
          setStanding({ kind: 'in', session: { person: null, organisations } })
        } catch (error) {
          api.useKey(null)
          throw error
        }
      },
      async logOut() {
        if (!api.hasKey) await api.send('POST', '/api/auth/sign-out', {}).catch(() => {})
        api.onUnauthenticated()
      },
    }
  }, [api, standing, ask, queries])
  return <Context value={value}>{children}</Context>
}

export function useSession(): SessionContext {
  const value = useContext(Context)
  if (value === null) throw new TypeError('SessionProvider is missing')
  return value
}

export const useApi = (): ApiClient => useSession().api
