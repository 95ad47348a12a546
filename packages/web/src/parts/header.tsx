import { Button, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { Link, useLocation } from '@tanstack/react-router'
import { lazy, type MouseEvent, Suspense, useEffect, useRef } from 'react'
import { useLanguage } from '../i18n/language.tsx'
import { useMay, useSession } from '../session.tsx'
import { useGrantSections } from './grant-tabs.tsx'
import { useSections } from './organisation-tabs.tsx'

const OrganisationSwitcher = lazy(async () => ({
  default: (await import('./organisation-switcher.tsx')).OrganisationSwitcher,
}))

const grantPages = /^(\/app)?\/(grants|clients|preauthentications|connect-links)(\/|$)/

/** What stands above every page, in one row: where the window is too narrow for that, behind a button. */
export function Header() {
  const { standing } = useSession()
  const isNarrow = useMediaQuery('(max-width: 64em)', false, { getInitialValueInEffect: false })
  const isIn = standing.kind === 'in'
  return (
    <header className="header">
      <div className="header-inner">
        <Link to="/databases" className="brand">
          <img src="/app/icon.svg" width="26" height="26" alt="" />
          Sluis
        </Link>
        {isNarrow && isIn ? (
          <Drawer />
        ) : (
          <>
            <Navigation />
            <Switcher />
            <Settings />
          </>
        )}
      </div>
    </header>
  )
}

/** The way through the pages that the caller may see. */
function Navigation() {
  const { t } = useLanguage()
  const { standing } = useSession()
  const may = useMay()
  const sections = useSections()
  const grantSections = useGrantSections()
  const { pathname } = useLocation()
  return (
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
            <Link to={grantSections[0].to} aria-current={grantPages.test(pathname) ? 'true' : undefined}>
              {t('nav.grants')}
            </Link>
          )}
          {sections[0] && (
            <Link to={sections[0].to} aria-current={/\/organisation\//.test(pathname) ? 'true' : undefined}>
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
  )
}

/** `isInDrawer`: what lies above all else lets nothing through but what is in it, the list of names too. */
function Switcher({ isInDrawer = false }: { readonly isInDrawer?: boolean }) {
  const { standing } = useSession()
  if (standing.kind !== 'in' || standing.reached.length < 2) return null
  return (
    <Suspense>
      <OrganisationSwitcher
        reached={standing.reached}
        current={standing.organisation}
        isInDrawer={isInDrawer}
      />
    </Suspense>
  )
}

/** Language, colours, and the way out. */
function Settings() {
  const { t, language, setLanguage } = useLanguage()
  const { standing, logOut } = useSession()
  const { setColorScheme } = useMantineColorScheme()
  const isDark = useComputedColorScheme('light') === 'dark'
  const other = language === 'nl' ? 'en' : 'nl'
  const look = { variant: 'subtle', size: 'compact-sm', color: 'gray' } as const
  return (
    <div className="header-settings">
      <Button {...look} lang={other} onClick={() => setLanguage(other)}>
        {t('nav.language')}
      </Button>
      <Button
        {...look}
        aria-label={t(isDark ? 'nav.light' : 'nav.dark')}
        onClick={() => setColorScheme(isDark ? 'light' : 'dark')}
      >
        {isDark ? '☀' : '☾'}
      </Button>
      {standing.kind === 'in' && (
        <Button {...look} onClick={() => void logOut()}>
          {t('nav.logOut')}
        </Button>
      )}
    </div>
  )
}

/**
 * The same behind a button, on a narrow window. The browser's own dialog: it keeps the focus inside, closes with Escape
 * and gives the focus back.
 * @see https://html.spec.whatwg.org/multipage/interactive-elements.html#the-dialog-element
 */
function Drawer() {
  const { t } = useLanguage()
  const { standing } = useSession()
  const { pathname } = useLocation()
  const organisation = standing.kind === 'in' ? standing.organisation : null
  const dialog = useRef<HTMLDialogElement>(null)
  // Another page, or the same one of another organisation, is what somebody opened it for.
  useEffect(() => {
    if (pathname || organisation) dialog.current?.close()
  }, [pathname, organisation])
  const onClick = ({ target, currentTarget }: MouseEvent<HTMLDialogElement>) => {
    // Beside it, or on a link to the page that is open.
    const isLink = target instanceof Element && target.closest('a') !== null
    if (target === currentTarget || isLink) currentTarget.close()
  }
  const name =
    standing.kind === 'in' && standing.reached.length > 1
      ? standing.reached.find(({ id }) => id === organisation)?.name
      : undefined
  return (
    <>
      <span className="header-place">{name}</span>
      <button
        type="button"
        className="header-button"
        aria-haspopup="dialog"
        onClick={() => dialog.current?.showModal()}
      >
        <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
          <path d="M3 5.5h16M3 11h16M3 16.5h16" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
        </svg>
        <span className="unseen">{t('nav.menu')}</span>
      </button>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the dialog closes with Escape by itself */}
      <dialog ref={dialog} className="drawer" aria-label={t('nav.menu')} onClick={onClick}>
        <div className="drawer-inside">
          <button type="button" className="header-button" onClick={() => dialog.current?.close()}>
            <span aria-hidden="true">✕</span>
            <span className="unseen">{t('nav.close')}</span>
          </button>
          <Navigation />
          <Switcher isInDrawer />
          <Settings />
        </div>
      </dialog>
    </>
  )
}
