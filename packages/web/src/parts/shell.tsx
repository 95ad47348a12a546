import { Button, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import { useLanguage } from '../i18n/language.tsx'
import { LoginPage } from '../pages/login-page.tsx'
import { useSession } from '../session.tsx'
import { Waiting } from './waiting.tsx'

/** The frame of every page. Who is not logged in gets the log-in at the same address, so that deep links hold. */
export function Shell() {
  const { t, language, setLanguage } = useLanguage()
  const { standing, logOut } = useSession()
  const { setColorScheme } = useMantineColorScheme()
  const isDark = useComputedColorScheme('light') === 'dark'
  // The first owner comes here before anybody can log in.
  const isSetUp = useLocation().pathname.replace(/\/$/, '').endsWith('/setup')
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
                <Link to="/grants" activeProps={{ 'aria-current': 'page' }}>
                  {t('nav.grants')}
                </Link>
              </>
            )}
          </nav>
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
        {standing.kind === 'out' && !isSetUp && <LoginPage offersPassword={standing.offersPassword} />}
        {(standing.kind === 'in' || (standing.kind === 'out' && isSetUp)) && <Outlet />}
      </main>
    </>
  )
}
