/** Everything that a key may be allowed to do. `admin` covers keys and members; it does not imply `tokens:lease`. */
export const scopes = [
  'handover:write',
  'grants:read',
  'grants:write',
  'tokens:lease',
  'clients:read',
  'clients:write',
  'databases:read',
  'databases:write',
  'query',
  'query:write',
  'webhooks:write',
  'preauthentication:write',
  'connect:write',
  'organisations:write',
  'audit:read',
  'admin',
] as const

export type Scope = (typeof scopes)[number]

export function isScope(text: string): text is Scope {
  return (scopes as readonly string[]).includes(text)
}
