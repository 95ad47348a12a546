import { Button, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { Link, Outlet, useLocation, useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, type ReactNode, Suspense, useEffect } from 'react'
import { useLanguage } from '../i18n/language.tsx'
import { LoginPage } from '../pages/login-page.tsx'
import { useMay, useSession } from '../session.tsx'
import { FaultAlert } from './fault-alert.tsx'
import { useGrantSections } from './grant-tabs.tsx'
import { useSections } from './organisation-tabs.tsx'
import { Waiting } from './waiting.tsx'

const OrganisationSwitcher = lazy(async () => ({
  default: (await import('./organisation-switcher.tsx')).OrganisationSwitcher,
}))
/** Pages for who may not be able to log in yet. */
const openPages = /\/(setup|invitation|reset|refused|consent\/start|consent\/return)\/?$/

const grantPages = /^(\/app)?\/(grants|clients|preauthentications)(\/|$)/

/** Pages that bring a frame of their own. */
const bare = /\/(connect|consent\/return)\/?$/

/** The frame of every page but those that a partner's customers see. */
export function Frame() {
  const { pathname } = useLocation()
  return bare.test(pathname) ? <Outlet /> : <Shell />
}

/** Our own frame. Who is not logged in gets the log-in at the same address, so that deep links hold. */
export function Shell({ children = <Outlet /> }: { readonly children?: ReactNode }) {
  const { t, language, setLanguage } = useLanguage()
  const { standing, logOut } = useSession()
  const { setColorScheme } = useMantineColorScheme()
  const isDark = useComputedColorScheme('light') === 'dark'
  const may = useMay()
  const sections = useSections()
  const grantSections = useGrantSections()
  const { pathname } = useLocation()
  const isOpen = openPages.test(pathname)
  useOrganisationInAddress(isOpen)
  const other = language === 'nl' ? 'en' : 'nl'
  return (
    <>
      <a className="skip" href="#main">
        {t('nav.skip')}
      </a>
      <header className="header">
        <div className="header-inner">
          <Link to="/databases" className="brand">
            <img src="/app/icon.svg" width="26" height="26" alt="" />
            Sluis
          </Link>
          <nav className="nav" aria-label={t('nav.main')}>
            {standing.kind === 'in' && (
              <>
                <Link to="/databases" activeProps={{ 'aria-current': 'page' }}>
                  {t('nav.databases')}
                </Link>
                {(may('query') || may('audit:read')) && (
                  <Link to="/overview" activeProps={{ 'aria-current': 'page' }}>
                    {t('nav.overview')}
                  </Link>
                )}
                {grantSections[0] && (
                  <Link
                    to={grantSections[0].to}
                    aria-current={grantPages.test(pathname) ? 'true' : undefined}
                  >
                    {t('nav.grants')}
                  </Link>
                )}
                {sections[0] && (
                  <Link
                    to={sections[0].to}
                    aria-current={/\/organisation\//.test(pathname) ? 'true' : undefined}
                  >
                    {t('nav.organisation')}
                  </Link>
                )}
                {standing.session.person && (
                  <Link to="/account" activeProps={{ 'aria-current': 'page' }}>
                    {t('nav.account')}
                  </Link>
                )}
              </>
            )}
          </nav>
          {standing.kind === 'in' && standing.reached.length > 1 && (
            <Suspense>
              <OrganisationSwitcher reached={standing.reached} current={standing.organisation} />
            </Suspense>
          )}
          <div>
            <Button
              variant="subtle"
              size="compact-sm"
              color="gray"
              lang={other}
              onClick={() => setLanguage(other)}
            >
              {t('nav.language')}
            </Button>
            <Button
              variant="subtle"
              size="compact-sm"
              color="gray"
              aria-label={t(isDark ? 'nav.light' : 'nav.dark')}
              onClick={() => setColorScheme(isDark ? 'light' : 'dark')}
            >
              {isDark ? '☀' : '☾'}
            </Button>
            {standing.kind === 'in' && (
              <Button variant="subtle" size="compact-sm" color="gray" onClick={() => void logOut()}>
                {t('nav.logOut')}
              </Button>
            )}
          </div>
        </div>
      </header>
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
