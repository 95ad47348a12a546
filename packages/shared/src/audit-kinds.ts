/**
 * What an event of the audit trail is about: the first part of its action (`grant.created`). One list for everything that
 * writes the trail, for the filter of the API and so for the one of its pages.
 */
export const auditKinds = [
  'person',
  'member',
  'invitation',
  'contact',
  'key',
  'keys',
  'organisation',
  'client',
  'handover',
  'grant',
  'token',
  'preauthentication',
  'connect-settings',
  'connect-link',
  'database',
  'statement',
  'query',
  'webhook',
  'process',
  'audit',
] as const

export type AuditKind = (typeof auditKinds)[number]
/** What happened, as the audit trail calls it. */
export type AuditAction = `${AuditKind}.${string}`
