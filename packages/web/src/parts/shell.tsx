import { Outlet, useLocation, useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactNode, useEffect } from 'react'
import { useLanguage } from '../i18n/language.tsx'
import { LoginPage } from '../pages/login-page.tsx'
import { useSession } from '../session.tsx'
import { FaultAlert } from './fault-alert.tsx'
import { Header } from './header.tsx'
import { Waiting } from './waiting.tsx'

/** Pages for who may not be able to log in yet. */
const openPages = /\/(setup|invitation|reset|refused|consent\/start|consent\/return)\/?$/

/** Pages that bring a frame of their own. */
const bare = /\/(connect|consent\/return)\/?$/

/** The frame of every page but those that a partner's customers see. */
export function Frame() {
  const { pathname } = useLocation()
  return bare.test(pathname) ? <Outlet /> : <Shell />
}

/** Our own frame. Who is not logged in gets the log-in at the same address, so that deep links hold. */
export function Shell({ children = <Outlet /> }: { readonly children?: ReactNode }) {
  const { t } = useLanguage()
  const { standing } = useSession()
  const { pathname } = useLocation()
  const isOpen = openPages.test(pathname)
  useOrganisationInAddress(isOpen)
  return (
    <>
      <a className="skip" href="#main">
        {t('nav.skip')}
      </a>
      <Header />
      <main className="main" id="main" tabIndex={-1}>
        {standing.kind === 'asking' && <Waiting />}
        {standing.kind === 'out' && !isOpen && <LoginPage offersPassword={standing.offersPassword} />}
        {isOpen && standing.kind !== 'asking' && children}
        {!isOpen && standing.kind === 'in' && <Inside />}
      </main>
    </>
  )
}

/** The page, once it is known what may be done; a page of another organisation is another page. */
function Inside() {
  const { standing } = useSession()
  const pathname = useLocation().pathname
  if (standing.kind !== 'in') return null
  const { organisation, access, refusal } = standing
  // One's own account needs no organisation.
  if (refusal !== null && !pathname.endsWith('/account')) return <FaultAlert error={refusal} />
  if (access === null && refusal === null) return <Waiting />
  return <Outlet key={organisation} />
}

/** Keeps the organisation in the address and the one that is acted in the same; the address rules. */
function useOrganisationInAddress(isOpen: boolean): void {
  const { standing, enter } = useSession()
  const search = useSearch({ strict: false })
  const named = search.organisation
  const navigate = useNavigate()
  const { pathname } = useLocation()
  const current = standing.kind === 'in' ? standing.organisation : null
  const hasSeveral = standing.kind === 'in' && standing.reached.length > 1
  useEffect(() => {
    if (current === null || isOpen) return
    if (named !== undefined && named !== current) void enter(named)
    if (named === undefined && hasSeveral) {
      // The address as it is: `.` would be the first page where there is none at it.
      void navigate({ to: pathname, search: { ...search, organisation: current }, replace: true })
    }
  }, [search, named, current, hasSeveral, isOpen, enter, navigate, pathname])
}
