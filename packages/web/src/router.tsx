import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import { NotFoundPage } from './pages/not-found-page.tsx'
import { Shell } from './parts/shell.tsx'

const root = createRootRoute({ component: Shell, notFoundComponent: NotFoundPage })
const page = <Path extends string>(path: Path, component: ReturnType<typeof lazyRouteComponent>) =>
  createRoute({ getParentRoute: () => root, path, component })

const tree = root.addChildren([
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
  page(
    '/grants',
    lazyRouteComponent(() => import('./pages/grants-page.tsx'), 'GrantsPage'),
  ),
  page(
    '/grants/$id',
    lazyRouteComponent(() => import('./pages/grant-page.tsx'), 'GrantPage'),
  ),
  page(
    '/setup/databases/new',
    lazyRouteComponent(() => import('./pages/platforms-page.tsx'), 'PlatformsPage'),
  ),
  page(
    '/setup/databases/new/$platform',
    lazyRouteComponent(() => import('./pages/wizard-page.tsx'), 'WizardPage'),
  ),
])

export const createAppRouter = () =>
  createRouter({ routeTree: tree, basepath: '/app', scrollRestoration: true })

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>
  }
}
