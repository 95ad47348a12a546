import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  retainSearchParams,
} from '@tanstack/react-router'
import { NotFoundPage } from './pages/not-found-page.tsx'
import { Frame } from './parts/shell.tsx'

const root = createRootRoute({
  component: Frame,
  notFoundComponent: NotFoundPage,
  // Whoever reaches several organisations has theirs in every address, so that a deep link leads to the same place.
  validateSearch: ({ organisation }: { organisation?: unknown }): { organisation?: string } =>
    typeof organisation === 'string' ? { organisation } : {},
  search: { middlewares: [retainSearchParams(['organisation'])] },
})
const page = <Path extends string>(path: Path, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => root, path, component })

const textIn = (search: Record<string, unknown>, ...names: readonly string[]) =>
  Object.fromEntries(
    names.flatMap((name) => (typeof search[name] === 'string' ? [[name, search[name]]] : [])),
  )

const people = [
  page(
    '/invitation',
    lazyRouteComponent(() => import('./pages/invitation-page.tsx'), 'InvitationPage'),
  ),
  page(
    '/reset',
    lazyRouteComponent(() => import('./pages/reset-page.tsx'), 'ResetPage'),
  ),
  page(
    '/refused',
    lazyRouteComponent(() => import('./pages/refused-page.tsx'), 'RefusedPage'),
  ),
  page(
    '/account',
    lazyRouteComponent(() => import('./pages/account-page.tsx'), 'AccountPage'),
  ),
  page(
    '/organisation/members',
    lazyRouteComponent(() => import('./pages/members-page.tsx'), 'MembersPage'),
  ),
  page(
    '/organisation/keys',
    lazyRouteComponent(() => import('./pages/keys-page.tsx'), 'KeysPage'),
  ),
  page(
    '/organisation/below',
    lazyRouteComponent(() => import('./pages/organisations-page.tsx'), 'OrganisationsPage'),
  ),
  createRoute({
    getParentRoute: () => root,
    path: '/organisation/audit',
    validateSearch: (
      search: Record<string, unknown>,
    ): { kind?: string; actor?: string; from?: string; until?: string } =>
      textIn(search, 'kind', 'actor', 'from', 'until'),
    component: lazyRouteComponent(() => import('./pages/audit-page.tsx'), 'AuditPage'),
  }),
]

const consent = [
  page(
    '/consent/start',
    lazyRouteComponent(() => import('./pages/consent-start-page.tsx'), 'ConsentStartPage'),
  ),
  page(
    '/consent/return',
    lazyRouteComponent(() => import('./pages/consent-return-page.tsx'), 'ConsentReturnPage'),
  ),
]

const preauthentications = [
  page(
    '/preauthentications',
    lazyRouteComponent(() => import('./pages/preauthentications-page.tsx'), 'PreauthenticationsPage'),
  ),
  createRoute({
    getParentRoute: () => root,
    path: '/preauthentications/new',
    validateSearch: (
      search: Record<string, unknown>,
    ): { platform?: string; region?: string; client?: string } =>
      textIn(search, 'platform', 'region', 'client'),
    component: lazyRouteComponent(
      () => import('./pages/new-preauthentication-page.tsx'),
      'NewPreauthenticationPage',
    ),
  }),
  page(
    '/preauthentications/$id',
    lazyRouteComponent(() => import('./pages/preauthentication-page.tsx'), 'PreauthenticationPage'),
  ),
]

const connect = [
  page(
    '/connect',
    lazyRouteComponent(() => import('./pages/connect-page.tsx'), 'ConnectPage'),
  ),
  page(
    '/connect-links',
    lazyRouteComponent(() => import('./pages/connect-links-page.tsx'), 'ConnectLinksPage'),
  ),
  createRoute({
    getParentRoute: () => root,
    path: '/connect-links/new',
    validateSearch: (search: Record<string, unknown>): { renews?: string } => textIn(search, 'renews'),
    component: lazyRouteComponent(() => import('./pages/new-connect-link-page.tsx'), 'NewConnectLinkPage'),
  }),
  page(
    '/connect-links/settings',
    lazyRouteComponent(() => import('./pages/connect-settings-page.tsx'), 'ConnectSettingsPage'),
  ),
]

const clients = [
  page(
    '/clients',
    lazyRouteComponent(() => import('./pages/clients-page.tsx'), 'ClientsPage'),
  ),
  page(
    '/clients/$id',
    lazyRouteComponent(() => import('./pages/client-page.tsx'), 'ClientPage'),
  ),
]

const tree = root.addChildren([
  ...people,
  ...consent,
  ...clients,
  ...preauthentications,
  ...connect,
  page(
    '/setup',
    lazyRouteComponent(() => import('./pages/setup-page.tsx'), 'SetupPage'),
  ),
  createRoute({
    getParentRoute: () => root,
    path: '/',
    beforeLoad: () => {
      throw redirect({ to: '/databases', replace: true })
    },
  }),
  page(
    '/databases',
    lazyRouteComponent(() => import('./pages/databases-page.tsx'), 'DatabasesPage'),
  ),
  page(
    '/databases/$name',
    lazyRouteComponent(() => import('./pages/database-page.tsx'), 'DatabasePage'),
  ),
  createRoute({
    getParentRoute: () => root,
    path: '/databases/$name/sql',
    validateSearch: ({ table }: Record<string, unknown>): { table?: string } =>
      typeof table === 'string' ? { table } : {},
    component: lazyRouteComponent(() => import('./pages/sql-page.tsx'), 'SqlPage'),
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/databases/$name/tables',
    validateSearch: ({ table }: Record<string, unknown>): { table?: string } =>
      typeof table === 'string' ? { table } : {},
    component: lazyRouteComponent(() => import('./pages/tables-page.tsx'), 'TablesPage'),
  }),
  page(
    '/databases/$name/activity',
    lazyRouteComponent(() => import('./pages/activity-page.tsx'), 'ActivityPage'),
  ),
  page(
    '/overview',
    lazyRouteComponent(() => import('./pages/overview-page.tsx'), 'OverviewPage'),
  ),
  page(
    '/grants',
    lazyRouteComponent(() => import('./pages/grants-page.tsx'), 'GrantsPage'),
  ),
  page(
    '/grants/$id',
    lazyRouteComponent(() => import('./pages/grant-page.tsx'), 'GrantPage'),
  ),
  createRoute({
    getParentRoute: () => root,
    path: '/grants/$id/renew',
    validateSearch: (search: Record<string, unknown>): { became?: string } => textIn(search, 'became'),
    component: lazyRouteComponent(() => import('./pages/renew-page.tsx'), 'RenewPage'),
  }),
  page(
    '/setup/databases/new',
    lazyRouteComponent(() => import('./pages/platforms-page.tsx'), 'PlatformsPage'),
  ),
  createRoute({
    getParentRoute: () => root,
    path: '/setup/databases/new/$platform',
    validateSearch: (search: Record<string, unknown>): { grant?: string } => textIn(search, 'grant'),
    component: lazyRouteComponent(() => import('./pages/wizard-page.tsx'), 'WizardPage'),
  }),
])

export const createAppRouter = () =>
  createRouter({ routeTree: tree, basepath: '/app', scrollRestoration: true })

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>
  }
}
