import { languages, roleNames, scopes } from '@sluis/people'
import { z } from 'zod'
import { text, time } from './common.ts'

// Keys, people, and the organisations that they are of.

export const scope = z.enum(scopes)
export const key = z.object({
  id: text,
  name: text,
  scopes: z.array(scope),
  descendants: z.boolean(),
  databases: z.array(text).nullable(),
  addresses: z.array(text).nullable(),
  createdAt: time,
  expiresAt: time.nullable(),
  revokedAt: time.nullable(),
  lastUsedAt: time.nullable(),
})
export const createdKey = key.extend({ key: text.describe('Shown this once.') })
export const role = z.enum(roleNames)
export const organisation = z.object({ id: text, parentId: text.nullable(), name: text, slug: text })
export const member = z.object({
  id: text,
  name: text,
  email: text,
  role,
  hasTwoFactor: z.boolean(),
  since: time,
})
export const invitation = z.object({
  id: text,
  email: text,
  role,
  invitedBy: text,
  createdAt: time,
  expiresAt: time,
})
export const newInvitation = invitation.extend({
  link: text.describe('Shown this once.'),
  isMailed: z.boolean().describe('The mail server took it.'),
})
export const invitationPreview = z.object({
  organisation: z.object({ id: text, name: text }),
  email: text,
  role,
  isKnown: z.boolean(),
  expiresAt: time,
})
export const access = z.object({
  kind: z.enum(['key', 'person']),
  organisation,
  scopes: z.array(scope),
  descendants: z.boolean(),
  databases: z.array(text).nullable(),
  roles: z.array(role).describe('The roles that the caller may give.'),
})
export const contact = z.object({ id: text, email: text, language: z.enum(languages) })
export const membership = z.object({ id: text, name: text, role })
export const memberships = z.array(membership)
export const person = z.object({ id: text, name: text, email: text, hasTwoFactor: z.boolean() })
export const session = z.object({
  id: text,
  createdAt: time,
  expiresAt: time,
  address: text.nullable(),
  userAgent: text.nullable(),
  isCurrent: z.boolean(),
})
