import { useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react'
import type { Access, Organisation, Session } from './api/answers.ts'
import { type ApiClient, problemOf } from './api/api-client.ts'
import type { Scope } from './api/people-answers.ts'

/** Where we stand with the server. `offersPassword`: people can log in here, not only keys. */
type Standing =
  | { readonly kind: 'asking' }
  | { readonly kind: 'out'; readonly offersPassword: boolean }
  | {
      readonly kind: 'in'
      readonly session: Session
      /** Every organisation that can be acted in: those of the session and what is below them. */
      readonly reached: readonly Organisation[]
      /** The one that is acted in; null for who is a member of none. */
      readonly organisation: string | null
      /** Null while it is asked, and where nothing is allowed. */
      readonly access: Access | null
      readonly refusal: unknown
    }

interface SessionContext {
  readonly api: ApiClient
  readonly standing: Standing
  readonly logInWithKey: (key: string) => Promise<void>
  /** Looks again who we are, after a log-in that set a cookie; to act in this organisation from then on. */
  readonly ask: (organisation?: string) => Promise<void>
  /** Acts in another organisation from now on. */
  readonly enter: (organisation: string) => Promise<void>
  readonly logOut: () => Promise<void>
}

const Context = createContext<SessionContext | null>(null)
const inAddress = () => new URLSearchParams(location.search).get('organisation')

export function SessionProvider({
  api,
  children,
}: {
  readonly api: ApiClient
  readonly children: ReactNode
}) {
  const queries = useQueryClient()
  const [standing, setStanding] = useState<Standing>({ kind: 'asking' })

  /** What may be done in the organisation that calls name now. */
  const look = useCallback(async () => {
    const organisation = api.organisation
    try {
      const access = await api.ask('GET /access')
      return { organisation: access.organisation.id, access, refusal: null }
    } catch (refusal) {
      return { organisation, access: null, refusal }
    }
  }, [api])

  const arrive = useCallback(
    async (session: Session, wanted: string | null) => {
      const lists = await Promise.all(
        (session.person === null ? [undefined] : session.organisations).map((membership) =>
          api
            .ask(
              'GET /organisations',
              membership === undefined ? {} : { headers: { 'Sluis-Organisation': membership.id } },
            )
            .then(({ organisations }) => organisations),
        ),
      )
      const reached = [...new Map(lists.flat().map((one) => [one.id, one])).values()]
      api.organisation = wanted ?? session.organisations[0]?.id ?? reached[0]?.id ?? null
      const found = await look()
      setStanding({ kind: 'in', session, reached, ...found })
    },
    [api, look],
  )

  const ask = useCallback(
    async (organisation?: string) => {
      let session: Session
      try {
        session = await api.ask('GET /session')
      } catch (error) {
        // A server without log-in for people has no such address.
        setStanding({ kind: 'out', offersPassword: problemOf(error).status === 401 })
        return
      }
      await arrive(session, organisation ?? inAddress())
    },
    [api, arrive],
  )

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
      async enter(organisation) {
        api.organisation = organisation
        queries.clear()
        const waiting = { organisation, access: null, refusal: null }
        setStanding((before) => (before.kind === 'in' ? { ...before, ...waiting } : before))
        const found = await look()
        // Who has gone on to another one in the meantime is there.
        if (api.organisation === organisation)
          setStanding((before) => (before.kind === 'in' ? { ...before, ...found, organisation } : before))
      },
      async logInWithKey(key) {
        api.useKey(key)
        try {
          await arrive({ person: null, organisations: [] }, inAddress())
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
  }, [api, standing, ask, arrive, look, queries])
  return <Context value={value}>{children}</Context>
}

export function useSession(): SessionContext {
  const value = useContext(Context)
  if (value === null) throw new TypeError('SessionProvider is missing')
  return value
}

export const useApi = (): ApiClient => useSession().api

/** What the caller may do where they are; null while that is asked. */
export function useAccess(): Access | null {
  const { standing } = useSession()
  return standing.kind === 'in' ? standing.access : null
}

/** Whether the caller has all of these scopes. */
export function useMay(): (...scopes: readonly Scope[]) => boolean {
  const access = useAccess()
  return (...scopes) => scopes.every((scope) => access?.scopes.includes(scope) === true)
}

/** Shows what only callers with a scope can do; the server refuses it to others anyhow. */
export function May({ scope, children }: { readonly scope: Scope; readonly children: ReactNode }) {
  return useMay()(scope) ? children : null
}
