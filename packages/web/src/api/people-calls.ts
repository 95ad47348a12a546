import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { type ApiClient, searchOf } from './api-client.ts'
import type { AuditEvent, AuditKind, Contact, NewKey, Passkey, Role } from './people-answers.ts'
import { saveAnswer } from './save-answer.ts'

export const membersQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['members'],
    queryFn: async () => (await api.ask('GET /members')).members,
  })

export const invitationsQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['invitations'],
    queryFn: async () => (await api.ask('GET /invitations')).invitations,
  })

export const invite = (
  api: ApiClient,
  invitation: { readonly email: string; readonly role: Role; readonly language: Contact['language'] },
) => api.ask('POST /members', { body: invitation })

export const changeRole = (api: ApiClient, id: string, role: Role) =>
  api.ask('PATCH /members/{id}', { path: { id }, body: { role } })

export const removeMember = (api: ApiClient, id: string) => api.ask('DELETE /members/{id}', { path: { id } })

export const createResetLink = async (api: ApiClient, id: string): Promise<string> =>
  (await api.ask('POST /members/{id}/reset-link', { path: { id } })).link

export const revokeInvitation = (api: ApiClient, id: string) =>
  api.ask('DELETE /invitations/{id}', { path: { id } })

export const previewInvitation = (api: ApiClient, token: string) =>
  api.ask('POST /invitations/preview', { body: { token } })

export const acceptInvitation = (
  api: ApiClient,
  token: string,
  who: { readonly name: string; readonly password: string } | null,
) => api.ask('POST /invitations/accept', { body: { token, ...who } })

export const keysQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['keys'],
    queryFn: async () => (await api.ask('GET /keys')).keys,
  })

export const createKey = (api: ApiClient, key: NewKey) => api.ask('POST /keys', { body: key })

export const revokeKey = (api: ApiClient, id: string) => api.ask('DELETE /keys/{id}', { path: { id } })

export const contactsQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['contacts'],
    queryFn: async () => (await api.ask('GET /contacts')).contacts,
  })

export const addContact = (api: ApiClient, email: string, language: Contact['language']) =>
  api.ask('POST /contacts', { body: { email, language } })

export const removeContact = (api: ApiClient, id: string) =>
  api.ask('DELETE /contacts/{id}', { path: { id } })

/** Keys for one database and nothing else. */
export const databaseKeysQuery = (api: ApiClient, database: string) =>
  queryOptions({
    queryKey: ['databases', database, 'keys'],
    queryFn: async () => (await api.ask('GET /databases/{name}/keys', { path: { name: database } })).keys,
  })

export const createKeyOf = (api: ApiClient, database: string, key: { name: string; expiresAt?: string }) =>
  api.ask('POST /databases/{name}/keys', { path: { name: database }, body: key })

export const revokeKeyOf = (api: ApiClient, database: string, id: string) =>
  api.ask('DELETE /databases/{name}/keys/{id}', { path: { name: database, id } })

/** The organisation that is acted in, and those below it. */
export const organisationsQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['organisations'],
    queryFn: async () => (await api.ask('GET /organisations')).organisations,
  })

export const createOrganisation = (api: ApiClient, name: string) =>
  api.ask('POST /organisations', { body: { name } })

export const renameOrganisation = (api: ApiClient, id: string, name: string) =>
  api.ask('PATCH /organisations/{id}', { path: { id }, body: { name } })

export interface AuditFilter {
  readonly kind?: AuditKind
  readonly actor?: string
  readonly from?: string
  readonly until?: string
}
const auditPage = 100

export const auditQuery = (api: ApiClient, filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ['audit', filter],
    initialPageParam: 0,
    queryFn: async ({ pageParam }) =>
      (await api.ask('GET /audit', { query: { ...filter, limit: auditPage, before: pageParam } })).events,
    getNextPageParam: (events: readonly AuditEvent[]) =>
      events.length < auditPage ? undefined : events.at(-1)?.id,
  })

/** Keeps the whole trail, as far as the filter lets it through, as a file. */
export const exportAudit = (api: ApiClient, filter: AuditFilter, format: 'csv' | 'ndjson') =>
  saveAnswer(api, {
    address: `/audit/export?${searchOf({ ...filter, format })}`,
    name: `audit.${format}`,
    look: () => api.ask('GET /audit', { query: { ...filter, limit: 1 } }),
  })

export const sessionsQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['sessions'],
    queryFn: async () => (await api.ask('GET /sessions')).sessions,
  })

export const endSession = (api: ApiClient, id: string) => api.ask('DELETE /sessions/{id}', { path: { id } })

export const changePassword = (api: ApiClient, currentPassword: string, newPassword: string) =>
  api.call<void>('POST', '/api/auth/change-password', {
    currentPassword,
    newPassword,
    revokeOtherSessions: true,
  })

/** Has a link for a new password mailed, if somebody has this address; false: this server has no mail server. */
export const askForReset = async (api: ApiClient, email: string, language: Contact['language']) =>
  (await api.ask('POST /password-resets', { body: { email, language } })).isMailed

/** What the OpenID provider is called at which people can log in; null without one. */
export const singleSignOnQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['single-sign-on'],
    queryFn: async () => (await api.ask('GET /single-sign-on')).name,
    staleTime: Number.POSITIVE_INFINITY,
  })

/** The provider's address to go to, from where people come back to this one of ours. */
export const beginSingleSignOn = async (api: ApiClient, callbackURL: string) =>
  (await api.call<{ url: string }>('POST', '/api/auth/sign-in/social', { callbackURL })).url

export const passkeysQuery = (api: ApiClient) =>
  queryOptions({
    queryKey: ['passkeys'],
    queryFn: () => api.call<Passkey[]>('GET', '/api/auth/passkey/list-user-passkeys'),
  })

export const removePasskey = (api: ApiClient, id: string) =>
  api.call<void>('POST', '/api/auth/passkey/delete-passkey', { id })

export const resetPassword = (api: ApiClient, token: string, newPassword: string) =>
  api.call<void>('POST', '/api/auth/reset-password', { token, newPassword })

export const beginTwoFactor = (api: ApiClient, password: string) =>
  api.call<{ totpURI: string; backupCodes: string[] }>('POST', '/api/auth/two-factor/enable', { password })

export const verifyTwoFactor = (api: ApiClient, code: string) =>
  api.call<void>('POST', '/api/auth/two-factor/verify-totp', { code })

export const disableTwoFactor = (api: ApiClient, password: string) =>
  api.call<void>('POST', '/api/auth/two-factor/disable', { password })
