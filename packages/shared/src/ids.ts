import { type RandomBytes, systemRandom } from './random.ts'

declare const organisationId: unique symbol
declare const clientId: unique symbol
declare const grantId: unique symbol
declare const databaseId: unique symbol
declare const statementId: unique symbol
declare const keyId: unique symbol
declare const processId: unique symbol
declare const webhookId: unique symbol
declare const personId: unique symbol
declare const sessionId: unique symbol
declare const invitationId: unique symbol
declare const preauthenticationId: unique symbol
declare const connectLinkId: unique symbol
declare const contactId: unique symbol
declare const savedQueryId: unique symbol

export type OrganisationId = string & { [organisationId]: true }
export type ClientId = string & { [clientId]: true }
export type GrantId = string & { [grantId]: true }
export type DatabaseId = string & { [databaseId]: true }
export type StatementId = string & { [statementId]: true }
export type KeyId = string & { [keyId]: true }
export type ProcessId = string & { [processId]: true }
export type WebhookId = string & { [webhookId]: true }
export type PersonId = string & { [personId]: true }
export type SessionId = string & { [sessionId]: true }
export type InvitationId = string & { [invitationId]: true }
export type PreauthenticationId = string & { [preauthenticationId]: true }
export type ConnectLinkId = string & { [connectLinkId]: true }
export type ContactId = string & { [contactId]: true }
export type SavedQueryId = string & { [savedQueryId]: true }

interface IdTypes {
  org: OrganisationId
  cli: ClientId
  grt: GrantId
  db: DatabaseId
  stm: StatementId
  key: KeyId
  prc: ProcessId
  whk: WebhookId
  per: PersonId
  ses: SessionId
  inv: InvitationId
  pre: PreauthenticationId
  cnl: ConnectLinkId
  con: ContactId
  qry: SavedQueryId
}

/** Crockford's alphabet: no letter that is mistaken for a digit when an id is read aloud. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/**
 * A new id such as `grt_01jd…`: 48 bits of milliseconds and 80 random bits in Crockford base 32, so that ids sort
 * by age and index pages stay dense.
 */
export function newId<Prefix extends keyof IdTypes>(
  prefix: Prefix,
  now: number,
  random: RandomBytes = systemRandom,
): IdTypes[Prefix] {
  let bits = BigInt(Math.trunc(now))
  for (const byte of random(10)) bits = (bits << 8n) | BigInt(byte)
  let text = ''
  for (let index = 0; index < 26; index++) {
    text = alphabet[Number(bits & 31n)] + text
    bits >>= 5n
  }
  return `${prefix}_${text}` as IdTypes[Prefix]
}

/** Whether a text from outside has the form of an id with this prefix; says nothing about its existence. */
export function isId<Prefix extends keyof IdTypes>(prefix: Prefix, text: string): text is IdTypes[Prefix] {
  return text.startsWith(`${prefix}_`) && /^[0-9a-hjkmnp-tv-z]{26}$/.test(text.slice(prefix.length + 1))
}
