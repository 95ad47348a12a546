import type { App } from '../oauth/issuer.ts'
import { ApiFault } from './api-fault.ts'

/**
 * Refuses what the app was not registered for. An endpoint may name several scopes, of which one suffices.
 * @see Exact support, application scopes: "Application Scope Violated"
 */
export function checkScope(app: App, scope: string | undefined, verb: 'read' | 'write'): void {
  const needed = scope && scope !== '-' ? scope.split(', ').map((name) => name.toLowerCase()) : []
  const [first] = needed
  if (!app.scopes || first === undefined) return
  const own = new Set(
    app.scopes.flatMap((text) => {
      const [name = '', right] = text.toLowerCase().split(':')
      return verb === 'write' && right === 'read' ? [] : [name]
    }),
  )
  if (needed.some((name) => own.has(name))) return
  throw new ApiFault(
    403,
    `Forbidden - Application Scope Violated. Cannot ${verb} '${first.replace(' ', '.')}' scope.`,
  )
}
