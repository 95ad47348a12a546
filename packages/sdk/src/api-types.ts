// Made by `node run.mjs reference` from the declarations in the code; do not edit.

export interface Access {
  readonly kind: 'key' | 'person'
  readonly organisation: Organisation
  readonly scopes: readonly Scope[]
  readonly descendants: boolean
  readonly databases: readonly string[] | null
  /** The roles that the caller may give. */
  readonly roles: readonly Role[]
}

export interface AskedConsent {
  readonly organisation: string
  readonly platform: string
  readonly platformLabel: string
  readonly region: string
  readonly clientId: string
  readonly clientLabel: string | null
  readonly output: 'grant' | 'code' | 'tokens' | 'envelope'
  readonly scopes: readonly string[] | null
}

export interface AuditEvent {
  readonly id: number
  readonly at: string
  readonly actor: string
  /** What the person or key is called now. */
  readonly actorName: string | null
  readonly action: string
  readonly facts: { readonly [name: string]: unknown }
  readonly subject: string
}

export interface BatchLine {
  /** Your own name of the line; it comes back. */
  readonly id?: string
  /** One below the key’s own. */
  readonly organisation?: string
  readonly platform: string
  readonly region: string
  readonly client: Client
  readonly credentials: Credentials
  readonly label?: string
  /** Your own name for the customer, unique in the organisation. */
  readonly externalId?: string
  readonly database?: {
    readonly name: string
    readonly title?: string
    readonly alias?: string
    readonly partitions?: 'all' | readonly string[]
  }
}

export type BatchOutcome =
  | {
      readonly line: number
      readonly id?: string
      readonly status: number
      readonly outcome: 'created' | 'superseded' | 'repeated' | 'open'
      readonly organisation: string
      readonly grant: Grant
      readonly database?: string
    }
  | {
      readonly line: number
      readonly id?: string
      readonly status: number
      readonly outcome: 'would-be-sent' | 'would-be-repeated'
    }
  | { readonly line: number; readonly id?: string; readonly status: number; readonly problem: Problem }
  | { readonly error: Problem }

export interface BegunPreauthentication {
  readonly id: string
  readonly state: 'waiting' | 'exchanging' | 'done' | 'refused' | 'shown' | 'expired'
  readonly platform: string
  readonly region: string
  readonly clientId: string
  readonly redirectUri: string
  readonly returnsBy: 'redirect' | 'paste'
  readonly output: 'grant' | 'code' | 'tokens' | 'envelope'
  readonly scopes: readonly string[] | null
  readonly label: string | null
  readonly externalId: string | null
  readonly grant: string | null
  readonly resultUntil: string | null
  readonly problem: { readonly code: string; readonly detail: string; readonly hint?: string } | null
  readonly createdAt: string
  readonly expiresAt: string
  /** To be opened by the user; given where the platform returns to us. */
  readonly startUrl?: string
  /** The platform’s page, where the user comes back elsewhere and the address is pasted. */
  readonly authorizeUrl?: string
}

export interface Brand {
  readonly name: string
  readonly organisation: string
  readonly colour: string
  readonly logo: string | null
  readonly texts: { readonly en: string | null; readonly nl: string | null }
}

export interface Budget {
  readonly source: string
  readonly clientId: string | null
  readonly partition: string
  /** An hour counts the errors of one endpoint, the others count calls. */
  readonly window: 'minute' | 'day' | 'hour'
  readonly endpoint: string | null
  readonly limit: number
  readonly remaining: number
  readonly resetsAt: string
}

export interface CallEstimate {
  readonly min: number
  readonly expected: number
  readonly max: number | null
}

export type Client =
  | `cli_${string}`
  | { readonly id: `cli_${string}`; readonly redirectUri?: string }
  | { readonly clientId: string; readonly clientSecret: string; readonly redirectUri: string }

export interface CodeCredentials {
  readonly kind: 'code'
  /** The code, or the whole address that the platform sent the browser to. */
  readonly code: string
  /** When the platform answered (ISO 8601 with a zone); now, unless told. */
  readonly obtainedAt?: string
  readonly codeVerifier?: string
  /** What else came with the consent and the platform’s API needs: `realmId`. No secrets. */
  readonly values?: { readonly [name: string]: string }
}

export interface ConnectEnd {
  readonly outcome: 'connected' | 'pending' | 'cancelled' | 'refused'
  readonly reason: ConnectRefusal | null
  readonly brand: Brand
  readonly language: 'en' | 'nl' | null
  readonly returnUrl: string | null
}

export interface ConnectLink {
  readonly id: string
  readonly state:
    | 'open'
    | 'started'
    | 'expired'
    | 'revoked'
    | 'connected'
    | 'pending'
    | 'cancelled'
    | 'refused'
  readonly platform: string
  readonly region: string
  readonly client: string
  readonly scopes: readonly string[] | null
  readonly label: string | null
  readonly externalId: string | null
  readonly renews: string | null
  readonly returnAddress: string
  readonly returnState: string | null
  readonly language: 'en' | 'nl' | null
  readonly grant: string | null
  readonly reason: ConnectRefusal | null
  readonly problem: { readonly code: string; readonly detail: string; readonly hint?: string } | null
  readonly createdAt: string
  readonly expiresAt: string
}

export interface ConnectPage {
  readonly brand: Brand
  readonly language: 'en' | 'nl' | null
  readonly platform: string
  readonly platformLabel: string
  readonly region: Region
  readonly clientLabel: string | null
  readonly scopes: readonly string[] | null
  readonly isRenewal: boolean
  readonly returnHost: string
  /** Why it goes no further. */
  readonly refusal: ConnectRefusal | null
  readonly returnUrl: string | null
}

export type ConnectRefusal = 'expired' | 'used' | 'revoked' | 'other-browser' | 'other-person' | 'failed'

export interface ConnectSettings {
  readonly name: string | null
  readonly colour: string | null
  readonly logo: string | null
  readonly texts: { readonly en: string | null; readonly nl: string | null }
  readonly origin: string | null
  readonly returnAddresses: readonly string[]
  readonly isInherited: boolean
  readonly changedAt: string | null
}

export interface Contact {
  readonly id: string
  readonly email: string
  readonly language: 'en' | 'nl'
}

export interface CreatedDatabase {
  readonly name: string
  readonly title: string | null
  readonly strict: boolean
  readonly maxAgeSeconds: number | null
  readonly sources: readonly DatabaseSource[]
  readonly createdAt: string
  readonly grant?: Grant
}

export interface CreatedKey {
  readonly id: string
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly descendants: boolean
  readonly databases: readonly string[] | null
  readonly addresses: readonly string[] | null
  readonly createdAt: string
  readonly expiresAt: string | null
  readonly revokedAt: string | null
  readonly lastUsedAt: string | null
  /** Shown this once. */
  readonly key: string
}

export type Credentials = TokenCredentials | CodeCredentials | SealedCredentials

export interface Database {
  readonly name: string
  readonly title: string | null
  readonly strict: boolean
  readonly maxAgeSeconds: number | null
  readonly sources: readonly DatabaseSource[]
  readonly createdAt: string
}

export interface DatabaseSource {
  readonly alias: string
  readonly grant: string
  readonly platform: string
  readonly partitions: 'all' | readonly string[]
}

export interface Delivery {
  readonly id: string
  readonly eventId: string
  readonly type: EventType
  readonly grant: string
  readonly state: 'pending' | 'delivered' | 'dead'
  readonly attempts: number
  readonly nextAttemptAt: string | null
  readonly lastStatus: number | null
  readonly lastError: string | null
  readonly createdAt: string
  readonly endedAt: string | null
}

export type EndedConsent = Preauthentication | { readonly connect: ConnectEnd }

export type EventType =
  | 'grant.created'
  | 'grant.pending'
  | 'grant.refreshed'
  | 'grant.ambiguous'
  | 'grant.needs_consent'
  | 'grant.misconfigured'
  | 'grant.recovered'
  | 'grant.expiring'
  | 'grant.superseded'
  | 'grant.rival'
  | 'grant.revoked'
  | 'grant.deleted'

export interface Explanation {
  readonly class: string
  readonly calls: CallEstimate
  readonly scans: readonly {
    readonly table: string
    readonly endpoint: string
    readonly partitions: readonly string[]
    readonly filter: string
    readonly columns: readonly string[]
    readonly pushed: readonly { readonly term: string; readonly judgement: string }[]
    readonly keysFrom: readonly string[]
    readonly requests: readonly string[]
    readonly calls: CallEstimate
    readonly reason: string
  }[]
  /** For a write: what would be sent after the reads. */
  readonly write?: {
    readonly verb: string
    readonly table: string
    /** Null where the rows must be read first. */
    readonly rows: number | null
    readonly requests: readonly string[]
    readonly calls: CallEstimate
  }
  readonly warnings: readonly string[]
}

export interface Grant {
  readonly id: string
  readonly state:
    | 'pending'
    | 'active'
    | 'refreshing'
    | 'ambiguous'
    | 'needs_consent'
    | 'misconfigured'
    | 'revoked'
  readonly platform: string
  readonly region: string
  readonly clientId: string
  readonly platformUser: {
    readonly id: string
    readonly name: string
    readonly email?: string
    readonly values?: { readonly [name: string]: string }
    readonly tenants?: readonly { readonly id: string; readonly name: string }[]
  } | null
  readonly label: string | null
  readonly externalId: string | null
  readonly generation: number
  readonly proven: { readonly accessToken: boolean; readonly refreshToken: boolean; readonly client: boolean }
  readonly accessToken: { readonly expiresAt: string } | null
  readonly refreshToken: {
    readonly held: true
    readonly idleExpiresAt: string | null
    readonly absoluteExpiresAt: string | null
  } | null
  readonly notBefore?: string
  readonly databases: readonly string[]
  readonly createdAt: string
  readonly lastRefreshedAt: string | null
  readonly problem?: { readonly code: string; readonly detail: string; readonly hint?: string }
}

export interface GrantEvent {
  readonly id: number
  readonly at: string
  readonly actor: string
  /** What the person or key is called now. */
  readonly actorName: string | null
  readonly action: string
  readonly facts: { readonly [name: string]: unknown }
}

export interface Handover {
  readonly platform: string
  readonly region: string
  readonly client: Client
  readonly credentials: Credentials
  readonly label?: string
  /** Your own name for the customer, unique in the organisation. */
  readonly externalId?: string
}

export interface Invitation {
  readonly id: string
  readonly email: string
  readonly role: Role
  readonly invitedBy: string
  readonly createdAt: string
  readonly expiresAt: string
}

export interface InvitationPreview {
  readonly organisation: { readonly id: string; readonly name: string }
  readonly email: string
  readonly role: Role
  readonly isKnown: boolean
  readonly expiresAt: string
}

export interface Key {
  readonly id: string
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly descendants: boolean
  readonly databases: readonly string[] | null
  readonly addresses: readonly string[] | null
  readonly createdAt: string
  readonly expiresAt: string | null
  readonly revokedAt: string | null
  readonly lastUsedAt: string | null
}

export interface Loan {
  readonly organisation: string
  readonly partitions: readonly string[]
  readonly lentAt: string
}

export interface LogInSession {
  readonly id: string
  readonly createdAt: string
  readonly expiresAt: string
  readonly address: string | null
  readonly userAgent: string | null
  readonly isCurrent: boolean
}

export interface MadeConnectLink {
  readonly id: string
  readonly state:
    | 'open'
    | 'started'
    | 'expired'
    | 'revoked'
    | 'connected'
    | 'pending'
    | 'cancelled'
    | 'refused'
  readonly platform: string
  readonly region: string
  readonly client: string
  readonly scopes: readonly string[] | null
  readonly label: string | null
  readonly externalId: string | null
  readonly renews: string | null
  readonly returnAddress: string
  readonly returnState: string | null
  readonly language: 'en' | 'nl' | null
  readonly grant: string | null
  readonly reason: ConnectRefusal | null
  readonly problem: { readonly code: string; readonly detail: string; readonly hint?: string } | null
  readonly createdAt: string
  readonly expiresAt: string
  /** For the customer; given this once. */
  readonly url: string
}

export interface Member {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly role: Role
  readonly hasTwoFactor: boolean
  readonly since: string
}

export interface Membership {
  readonly id: string
  readonly name: string
  readonly role: Role
}

export interface NewInvitation {
  readonly id: string
  readonly email: string
  readonly role: Role
  readonly invitedBy: string
  readonly createdAt: string
  readonly expiresAt: string
  /** Shown this once. */
  readonly link: string
  /** The mail server took it. */
  readonly isMailed: boolean
}

export interface Organisation {
  readonly id: string
  readonly parentId: string | null
  readonly name: string
  readonly slug: string
}

export interface Partition {
  readonly id: string
  readonly name: string
  readonly isReadable: boolean
  readonly source: string
}

export interface Person {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly hasTwoFactor: boolean
}

export interface Platform {
  readonly id: string
  readonly label: string
  readonly accessTokenSeconds: number
  readonly refreshIdleSeconds: number | null
  readonly codeSeconds: number | null
  readonly isRefreshTokenSingleUse: boolean
  /** Whether databases can read from it; grants can be kept of all. */
  readonly hasTables: boolean
  /** Null: users cannot be sent there for consent from here. */
  readonly consent: {
    readonly scopes: { readonly always: readonly string[]; readonly usual: readonly string[] } | null
    readonly takesPkce: boolean
  } | null
  readonly regions: readonly Region[]
}

export interface Preauthentication {
  readonly id: string
  readonly state: 'waiting' | 'exchanging' | 'done' | 'refused' | 'shown' | 'expired'
  readonly platform: string
  readonly region: string
  readonly clientId: string
  readonly redirectUri: string
  readonly returnsBy: 'redirect' | 'paste'
  readonly output: 'grant' | 'code' | 'tokens' | 'envelope'
  readonly scopes: readonly string[] | null
  readonly label: string | null
  readonly externalId: string | null
  readonly grant: string | null
  readonly resultUntil: string | null
  readonly problem: { readonly code: string; readonly detail: string; readonly hint?: string } | null
  readonly createdAt: string
  readonly expiresAt: string
}

export type PreauthenticationResult =
  | {
      readonly kind: 'code'
      readonly code: string
      readonly redirectUri: string
      readonly codeVerifier?: string
    }
  | {
      readonly kind: 'tokens'
      readonly accessToken: string | null
      readonly refreshToken: string | null
      readonly expiresAt: string | null
      readonly user: {
        readonly id: string
        readonly name: string
        readonly email?: string
        readonly values?: { readonly [name: string]: string }
        readonly tenants?: readonly { readonly id: string; readonly name: string }[]
      } | null
      readonly values: { readonly [name: string]: string }
    }
  | { readonly kind: 'envelope'; readonly jwe: string }

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly hint?: string
  readonly [name: string]: unknown
}

export interface QueryAnswer {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly unknown[])[]
  readonly stats?: QueryStats
  /** Came after the first rows: what is there is not the whole answer. */
  readonly error?: Problem
}

export interface QueryStats {
  /** Calls that the platform saw for this statement. */
  readonly apiCalls: number
  readonly rowsFetched: number
  readonly bytesFetched: number
  readonly planMs: number
  readonly elapsedMs: number
  readonly truncated?: boolean
  readonly cache?: {
    readonly hits: number
    readonly callsSaved: number
    readonly oldestAgeSeconds: number | null
  }
  readonly warnings: readonly string[]
  readonly scans: readonly {
    readonly table: string
    readonly endpoint: string
    readonly partitions: readonly string[]
    readonly filter: string
    readonly columns: readonly string[]
    readonly calls: number
    readonly rows: number
    readonly cached?: { readonly pages: number; readonly oldestAgeSeconds: number }
  }[]
}

export interface Question {
  readonly sql: string
  /** An array for `$1`, an object for `$name`. */
  readonly parameters?: readonly unknown[] | { readonly [name: string]: unknown }
  readonly maxRows?: number
  readonly timeoutMs?: number
  readonly strict?: boolean
  readonly maxAgeSeconds?: number
}

export interface Region {
  readonly id: string
  readonly label: string
  readonly isOperators: boolean
}

export type Role = 'owner' | 'admin' | 'developer' | 'analyst' | 'auditor'

export interface SavedQuery {
  readonly id: string
  readonly name: string
  readonly sql: string
  readonly isShared: boolean
  readonly isOwn: boolean
  readonly mayChange: boolean
  readonly author: string | null
  readonly createdAt: string
  readonly changedAt: string
}

export type Scope =
  | 'handover:write'
  | 'grants:read'
  | 'grants:write'
  | 'tokens:lease'
  | 'clients:read'
  | 'clients:write'
  | 'databases:read'
  | 'databases:write'
  | 'query'
  | 'query:write'
  | 'webhooks:write'
  | 'preauthentication:write'
  | 'connect:write'
  | 'organisations:write'
  | 'audit:read'
  | 'admin'

export interface SealedCredentials {
  readonly kind: 'sealed'
  /** A compact JWE for the key at `/handover-key`. */
  readonly jwe: string
}

export interface Statement {
  readonly id: string
  readonly database: string
  readonly sql: string
  readonly actor: string
  /** What the person or key that ran it is called now. */
  readonly actorName: string | null
  readonly state: 'planning' | 'fetching' | 'running' | 'done' | 'failed' | 'cancelled'
  readonly startedAt: string
  readonly endedAt: string | null
  readonly progress: {
    readonly callsMade: number
    readonly callsExpected: number
    readonly rowsFetched: number
    readonly partitionsDone: number
    readonly partitionsTotal: number
    readonly waitingUntil: string | null
  }
  readonly error: { readonly code: string; readonly detail: string; readonly hint?: string } | null
  readonly stats: QueryStats | null
  readonly write?: WrittenStatement
  readonly nativeCalls: readonly {
    readonly method: string
    readonly route: string
    readonly status: number | null
    readonly rows: number | null
    readonly bytes: number
    readonly ms: number
  }[]
}

export interface StoredClient {
  readonly id: `cli_${string}`
  readonly platform: string
  readonly region: string
  readonly clientId: string
  readonly label: string | null
  readonly redirectUris: readonly string[]
  /** Organisations below may use it too. */
  readonly servesDescendants: boolean
  /** It belongs to an organisation above. */
  readonly isInherited: boolean
  readonly grants: number
  /** A secret that was given and has not worked yet. */
  readonly newSecret: { readonly since: string; readonly refusedAt: string | null } | null
  readonly createdAt: string
}

export interface TableColumn {
  readonly name: string
  readonly type: string
  readonly fields?: readonly { readonly name: string; readonly type: string }[]
  readonly isNullable: boolean
  readonly isKey: boolean
  /** How the platform itself answers `column = value`: the same rows, more of them, or not at all. */
  readonly filter: 'exact' | 'superset' | 'no'
}

export interface TableDescription {
  readonly schema: string
  readonly name: string
  readonly source: string
  readonly partitionColumn: string | null
  readonly columns: readonly TableColumn[]
  readonly isFunction?: true
  readonly parameters?: readonly { readonly name: string; readonly type: string }[]
}

export interface TableSummary {
  readonly schema: string
  readonly name: string
  readonly source: string
  readonly columns: number
  readonly isFunction?: true
}

export interface TokenCredentials {
  readonly kind: 'tokens'
  readonly accessToken?: string
  readonly refreshToken?: string
  /** When the platform answered (ISO 8601 with a zone); now, unless told. */
  readonly obtainedAt?: string
  /** Seconds that the access token lives, from `obtainedAt`. */
  readonly expiresIn?: number
  /** What else came with the consent and the platform’s API needs: `realmId`. No secrets. */
  readonly values?: { readonly [name: string]: string }
}

export interface Usage {
  readonly days: readonly {
    readonly day: string
    readonly statements: number
    readonly failed: number
    readonly calls: number
    readonly rows: number
  }[]
  readonly errors: readonly { readonly code: string; readonly statements: number }[]
  readonly running: readonly Statement[]
}

export interface Webhook {
  readonly id: string
  readonly url: string
  readonly description: string | null
  readonly events: readonly EventType[] | null
  readonly descendants: boolean
  readonly previousSecretUntil: string | null
  readonly createdAt: string
}

export interface WebhookWithSecret {
  readonly id: string
  readonly url: string
  readonly description: string | null
  readonly events: readonly EventType[] | null
  readonly descendants: boolean
  readonly previousSecretUntil: string | null
  readonly createdAt: string
  /** Shown this once. */
  readonly secret: string
}

export interface WrittenStatement {
  readonly verb: string
  readonly table: string
  readonly rows: readonly {
    readonly row: number
    readonly outcome:
      | 'inserted'
      | 'updated'
      | 'unchanged'
      | 'deleted'
      | 'failed'
      | 'unknown'
      | 'not attempted'
    readonly partition: string | null
    readonly key: string | null
    readonly error: string | null
    readonly old: { readonly [name: string]: unknown } | null
    readonly new: { readonly [name: string]: unknown } | null
  }[]
  readonly revert: readonly string[]
}

/** Every route below `/api/v1`: what it takes, and what it answers by status. */
export interface Routes {
  /** Hand over credentials obtained elsewhere */
  readonly 'POST /grants': {
    readonly body: Handover
    readonly answers: { readonly 200: Grant; readonly 201: Grant; readonly 202: Grant }
  }

  /** List grants */
  readonly 'GET /grants': {
    readonly query?: { readonly limit?: number; readonly after?: string }
    readonly answers: { readonly 200: { readonly grants: readonly Grant[]; readonly after?: string } }
  }

  /** One grant */
  readonly 'GET /grants/{id}': {
    readonly path: { readonly id: string }
    readonly answers: { readonly 200: Grant }
  }

  /** Forget a grant */
  readonly 'DELETE /grants/{id}': {
    readonly path: { readonly id: string }
    readonly answers: { readonly 204: undefined }
  }

  /** What happened to a grant */
  readonly 'GET /grants/{id}/events': {
    readonly path: { readonly id: string }
    readonly query?: {
      readonly limit?: number
      readonly after?: string
      readonly order?: 'oldest' | 'newest'
    }
    readonly answers: { readonly 200: { readonly events: readonly GrantEvent[]; readonly after?: string } }
  }

  /** An access token for a short time */
  readonly 'POST /grants/{id}/lease': {
    readonly path: { readonly id: string }
    readonly body?: { readonly minRemainingSeconds?: number }
    readonly answers: {
      readonly 200: { readonly accessToken: string; readonly expiresAt: string; readonly generation: number }
    }
  }

  /** Spend the refresh token now */
  readonly 'POST /grants/{id}/refresh': {
    readonly path: { readonly id: string }
    readonly body?: Readonly<Record<string, never>>
    readonly answers: { readonly 200: Grant }
  }

  /** Let databases of an organisation below read these partitions through a grant */
  readonly 'POST /grants/{id}/loans': {
    readonly path: { readonly id: string }
    readonly body: { readonly organisation: string; readonly partitions: readonly (string | number)[] }
    readonly answers: { readonly 201: Loan }
  }

  /** Whom a grant is lent to */
  readonly 'GET /grants/{id}/loans': {
    readonly path: { readonly id: string }
    readonly answers: { readonly 200: { readonly loans: readonly Loan[] } }
  }

  /** End a loan: databases on it read nothing any more */
  readonly 'DELETE /grants/{id}/loans/{organisation}': {
    readonly path: { readonly id: string; readonly organisation: string }
    readonly answers: { readonly 204: undefined }
  }

  /** Grants that are lent to this organisation */
  readonly 'GET /loans': {
    readonly answers: {
      readonly 200: {
        readonly loans: readonly {
          readonly grant: string
          readonly platform: string
          readonly partitions: readonly string[]
          readonly lentAt: string
        }[]
      }
    }
  }

  /** Keep an app registration; its secret is never shown again */
  readonly 'POST /clients': {
    readonly body: {
      readonly platform: string
      readonly region: string
      readonly clientId: string
      readonly clientSecret: string
      readonly redirectUris: readonly string[]
      readonly label?: string
      readonly servesDescendants?: boolean
    }
    readonly answers: { readonly 200: StoredClient; readonly 201: StoredClient }
  }

  /** Clients that can be used here: own ones, and those of organisations above */
  readonly 'GET /clients': {
    readonly answers: { readonly 200: { readonly clients: readonly StoredClient[] } }
  }

  /** One client */
  readonly 'GET /clients/{id}': {
    readonly path: { readonly id: string }
    readonly answers: { readonly 200: StoredClient }
  }

  /** Change a client. A new secret is tried at the next spend and kept when it has worked */
  readonly 'PATCH /clients/{id}': {
    readonly path: { readonly id: string }
    readonly body?: {
      readonly label?: string | null
      readonly redirectUris?: readonly string[]
      readonly servesDescendants?: boolean
      readonly clientSecret?: string
    }
    readonly answers: { readonly 200: StoredClient }
  }

  /** Forget a client; refused while grants use it */
  readonly 'DELETE /clients/{id}': {
    readonly path: { readonly id: string }
    readonly answers: { readonly 204: undefined }
  }

  /** Register a database */
  readonly 'POST /databases': {
    readonly body:
      | {
          readonly name: string
          readonly title?: string
          readonly sources: readonly {
            readonly alias?: string
            readonly grant: string
            readonly partitions?: 'all' | readonly (string | number)[]
          }[]
          readonly strict?: boolean
          readonly maxAgeSeconds?: number | null
        }
      | {
          readonly name: string
          readonly title?: string
          readonly strict?: boolean
          readonly maxAgeSeconds?: number | null
          readonly platform: string
          readonly region: string
          readonly client: Client
          readonly credentials: Credentials
          readonly label?: string
          /** Your own name for the customer, unique in the organisation. */
          readonly externalId?: string
          readonly alias?: string
          readonly partitions?: 'all' | readonly (string | number)[]
        }
    readonly answers: {
      readonly 200: CreatedDatabase
      readonly 201: CreatedDatabase
      readonly 202: CreatedDatabase
    }
  }

  /** List databases */
  readonly 'GET /databases': {
    readonly answers: { readonly 200: { readonly databases: readonly Database[] } }
  }

  /** One database */
  readonly 'GET /databases/{name}': {
    readonly path: { readonly name: string }
    readonly answers: { readonly 200: Database }
  }

  /** Change a database */
  readonly 'PATCH /databases/{name}': {
    readonly path: { readonly name: string }
    readonly body?: {
      readonly name?: string
      readonly title?: string | null
      readonly sources?: readonly {
        readonly alias?: string
        readonly grant: string
        readonly partitions?: 'all' | readonly (string | number)[]
      }[]
      readonly strict?: boolean
      readonly maxAgeSeconds?: number | null
    }
    readonly answers: { readonly 200: Database }
  }

  /** Remove a database; its grant stays */
  readonly 'DELETE /databases/{name}': {
    readonly path: { readonly name: string }
    readonly answers: { readonly 204: undefined }
  }

  /** Tables */
  readonly 'GET /databases/{name}/tables': {
    readonly path: { readonly name: string }
    readonly query?: { readonly q?: string }
    readonly answers: { readonly 200: { readonly tables: readonly TableSummary[] } }
  }

  /** One table with its columns */
  readonly 'GET /databases/{name}/tables/{table}': {
    readonly path: { readonly name: string; readonly table: string }
    readonly answers: { readonly 200: TableDescription }
  }

  /** Partitions, as read last */
  readonly 'GET /databases/{name}/partitions': {
    readonly path: { readonly name: string }
    readonly answers: { readonly 200: { readonly partitions: readonly Partition[] } }
  }

  /** Create a key for this database and nothing else; its text is shown this once */
  readonly 'POST /databases/{name}/keys': {
    readonly path: { readonly name: string }
    readonly body: {
      readonly name: string
      readonly scopes?: readonly ('databases:read' | 'query' | 'query:write')[]
      readonly addresses?: readonly string[]
      readonly expiresAt?: string
    }
    readonly answers: { readonly 200: CreatedKey; readonly 201: CreatedKey }
  }

  /** Keys for this database and nothing else */
  readonly 'GET /databases/{name}/keys': {
    readonly path: { readonly name: string }
    readonly answers: { readonly 200: { readonly keys: readonly Key[] } }
  }

  /** Revoke a key of this database */
  readonly 'DELETE /databases/{name}/keys/{id}': {
    readonly path: { readonly name: string; readonly id: string }
    readonly answers: { readonly 204: undefined }
  }

  /** Run a statement */
  readonly 'POST /databases/{name}/query': {
    readonly path: { readonly name: string }
    readonly body: Question
    readonly answers: { readonly 200: QueryAnswer; readonly 202: Statement }
  }

  /** What a statement would cost; makes no call */
  readonly 'POST /databases/{name}/explain': {
    readonly path: { readonly name: string }
    readonly body: Question
    readonly answers: { readonly 200: Explanation }
  }

  /** What ran, newest first */
  readonly 'GET /databases/{name}/statements': {
    readonly path: { readonly name: string }
    readonly query?: { readonly limit?: number; readonly after?: string }
    readonly answers: { readonly 200: { readonly statements: readonly Statement[]; readonly after?: string } }
  }

  /** State and progress */
  readonly 'GET /databases/{name}/statements/{id}': {
    readonly path: { readonly name: string; readonly id: string }
    readonly answers: { readonly 200: Statement }
  }

  /** Cancel */
  readonly 'DELETE /databases/{name}/statements/{id}': {
    readonly path: { readonly name: string; readonly id: string }
    readonly answers: { readonly 204: undefined }
  }

  /** Rows of an asynchronous statement */
  readonly 'GET /databases/{name}/statements/{id}/result': {
    readonly path: { readonly name: string; readonly id: string }
    readonly query?: {
      readonly format?: 'json' | 'ndjson' | 'csv' | 'parquet'
      readonly organisation?: string
    }
    readonly answers: { readonly 200: QueryAnswer }
  }

  /** Saved queries: your own, and those that others share */
  readonly 'GET /queries': {
    readonly answers: { readonly 200: { readonly queries: readonly SavedQuery[] } }
  }

  /** Keep a query by name; it is not run, nor checked */
  readonly 'POST /queries': {
    readonly body: { readonly name: string; readonly sql: string; readonly isShared?: boolean }
    readonly answers: { readonly 200: SavedQuery; readonly 201: SavedQuery }
  }

  /** Rename, rewrite, share or keep for yourself */
  readonly 'PATCH /queries/{id}': {
    readonly path: { readonly id: string }
    readonly body?: { readonly name?: string; readonly sql?: string; readonly isShared?: boolean }
    readonly answers: { readonly 200: SavedQuery }
  }

  /** Forget a saved query */
  readonly 'DELETE /queries/{id}': {
    readonly path: { readonly id: string }
    readonly answers: { readonly 204: undefined }
  }

  /** Statements of the last seven days by day and by error, and those that run now */
  readonly 'GET /usage': {
    readonly answers: { readonly 200: Usage }
  }

  /** Calls that are left, by source, partition and window */
  readonly 'GET /databases/{name}/budgets': {
    readonly path: { readonly name: string }
    readonly answers: { readonly 200: { readonly budgets: readonly Budget[] } }
  }

  /** Create a key; its text is shown this once */
  readonly 'POST /keys': {
    readonly body: {
      readonly name: string
      readonly scopes: readonly (
        | 'handover:write'
        | 'grants:read'
        | 'grants:write'
        | 'tokens:lease'
        | 'clients:read'
        | 'clients:write'
        | 'databases:read'
        | 'databases:write'
        | 'query'
        | 'query:write'
        | 'webhooks:write'
        | 'preauthentication:write'
        | 'connect:write'
        | 'organisations:write'
        | 'audit:read'
        | 'admin'
      )[]
      readonly descendants?: boolean
      readonly databases?: readonly string[]
      readonly addresses?: readonly string[]
      readonly expiresAt?: string
    }
    readonly answers: { readonly 200: CreatedKey; readonly 201: CreatedKey }
  }

  /** List keys */
  readonly 'GET /keys': {
    readonly answers: { readonly 200: { readonly keys: readonly Key[] } }
  }

  /** Revoke a key */
  readonly 'DELETE /keys/{id}': {
    readonly path: { readonly id: string }
    readonly answers: { readonly 204: undefined }
  }

  /** New sealing keys while everything goes on; API keys stay as they are */
  readonly 'POST /keys/rotate': {
    readonly body?: { readonly keys?: readonly ('data' | 'handover' | 'kek')[] }
    readonly answers: { readonly 200: { readonly moved: { readonly [name: string]: number } } }
  }

  /** The public key to seal credentials for, as a JWK */
  readonly 'GET /handover-key': {
    readonly answers: {
      readonly 200: {
        readonly kty: string
        readonly crv: string
        readonly x: string
        readonly y?: string
        readonly use: string
        readonly alg: string
        readonly kid: string
      }
    }
  }

  /** Processes whose spools a recovery still waits for */
  readonly 'GET /vault/awaited': {
    readonly answers: { readonly 200: { readonly processes: readonly string[] } }
  }

  /** Give up a process whose disk is gone for good; what only it knew is lost */
  readonly 'POST /vault/assume-lost': {
    readonly body: { readonly process: string }
    readonly answers: { readonly 200: { readonly processes: readonly string[] } }
  }

  /** Platforms with their regions and the lives of their tokens */
  readonly 'GET /platforms': {
    readonly answers: { readonly 200: { readonly platforms: readonly Platform[] } }
  }

  /** Begin a consent: open startUrl, or authorizeUrl and paste the return address back */
  readonly 'POST /preauthentications': {
    readonly body: {
      readonly platform: string
      readonly region: string
      readonly client: Client
      readonly output?: 'grant' | 'code' | 'tokens' | 'envelope'
      readonly scopes?: readonly string[]
      readonly label?: string
      readonly externalId?: string
      readonly confirmed?: boolean
    }
    readonly answers: { readonly 200: BegunPreauthentication; readonly 201: BegunPreauthentication }
  }

  /** The newest consents */
  readonly 'GET /preauthentications': {
    readonly answers: { readonly 200: { readonly preauthentications: readonly Preauthentication[] } }
  }

  /** What became of a consent */
  readonly 'GET /preauthentications/{id}': {
    readonly path: { readonly id: string }
    readonly answers: { readonly 200: Preauthentication }
  }

  /** Cancel a consent and erase its result */
  readonly 'DELETE /preauthentications/{id}': {
    readonly path: { readonly id: string }
    readonly answers: { readonly 204: undefined }
  }

  /** Paste the whole address that the browser was sent to */
  readonly 'POST /preauthentications/{id}/return': {
    readonly path: { readonly id: string }
    readonly body: { readonly url: string }
    readonly answers: { readonly 200: Preauthentication }
  }

  /** The result, once, to who began; then it is erased */
  readonly 'POST /preauthentications/{id}/result': {
    readonly path: { readonly id: string }
    readonly body?: Readonly<Record<string, never>>
    readonly answers: { readonly 200: PreauthenticationResult }
  }

  /** Who asks for what, before anything happens */
  readonly 'POST /consents/look': {
    readonly body: { readonly secret: string }
    readonly answers: { readonly 200: AskedConsent }
  }

  /** Bind a consent to this browser; gives the platform’s page */
  readonly 'POST /consents/start': {
    readonly body: { readonly secret: string }
    readonly answers: { readonly 200: { readonly authorizeUrl: string } }
  }

  /** The browser came back: its whole address, with the cookie of the start */
  readonly 'POST /consents/return': {
    readonly body: { readonly url: string }
    readonly answers: { readonly 200: EndedConsent }
  }

  /** How connect pages look, and where they may send customers */
  readonly 'GET /connect-settings': {
    readonly answers: { readonly 200: ConnectSettings }
  }

  /** Change what is given; null takes it away */
  readonly 'PATCH /connect-settings': {
    readonly body?: {
      readonly name?: string | null
      readonly colour?: string | null
      readonly logo?: string | null
      readonly texts?: { readonly en?: string | null; readonly nl?: string | null }
      readonly origin?: string | null
      readonly returnAddresses?: readonly string[]
    }
    readonly answers: { readonly 200: ConnectSettings }
  }

  /** Make a link for one customer; its address is given this once */
  readonly 'POST /connect-links': {
    readonly body: {
      readonly platform?: string
      readonly region?: string
      readonly client: string
      readonly returnAddress: string
      readonly scopes?: readonly string[]
      readonly label?: string
      readonly externalId?: string
      readonly renews?: string
      readonly returnState?: string
      readonly language?: 'en' | 'nl'
      readonly validForSeconds?: number
    }
    readonly answers: { readonly 200: MadeConnectLink; readonly 201: MadeConnectLink }
  }

  /** The newest links, and what became of them */
  readonly 'GET /connect-links': {
    readonly query?: { readonly externalId?: string }
    readonly answers: { readonly 200: { readonly links: readonly ConnectLink[] } }
  }

  /** What became of a link */
  readonly 'GET /connect-links/{id}': {
    readonly path: { readonly id: string }
    readonly answers: { readonly 200: ConnectLink }
  }

  /** Take a link back; what came of it stays */
  readonly 'DELETE /connect-links/{id}': {
    readonly path: { readonly id: string }
    readonly answers: { readonly 204: undefined }
  }

  /** Who asks for what, or why it goes no further */
  readonly 'POST /connect/look': {
    readonly body: { readonly secret: string }
    readonly answers: { readonly 200: ConnectPage }
  }

  /** Bind a link to this browser; gives the platform’s page */
  readonly 'POST /connect/start': {
    readonly body: { readonly secret: string }
    readonly answers: { readonly 200: { readonly authorizeUrl: string } }
  }

  /** The customer does not want to; gives the way back */
  readonly 'POST /connect/cancel': {
    readonly body: { readonly secret: string }
    readonly answers: { readonly 200: ConnectEnd }
  }

  /** Who asks, in which organisation, and what they may do there */
  readonly 'GET /access': {
    readonly answers: { readonly 200: Access }
  }

  /** This organisation and those below */
  readonly 'GET /organisations': {
    readonly answers: { readonly 200: { readonly organisations: readonly Organisation[] } }
  }

  /** A new organisation below this one */
  readonly 'POST /organisations': {
    readonly body: { readonly name: string; readonly slug?: string }
    readonly answers: { readonly 200: Organisation; readonly 201: Organisation }
  }

  /** One organisation */
  readonly 'GET /organisations/{id}': {
    readonly path: { readonly id: string }
    readonly answers: { readonly 200: Organisation }
  }

  /** Rename an organisation */
  readonly 'PATCH /organisations/{id}': {
    readonly path: { readonly id: string }
    readonly body: { readonly name: string }
    readonly answers: { readonly 200: Organisation }
  }

  /** Delete an organisation and all that is in it, for good */
  readonly 'DELETE /organisations/{id}': {
    readonly path: { readonly id: string }
    readonly body: {
      /** The name of the organisation, to be sure */
      readonly name: string
    }
    readonly answers: { readonly 204: undefined }
  }

  /** What happened, newest first */
  readonly 'GET /audit': {
    readonly query?: {
      readonly limit?: number
      readonly before?: number
      readonly actor?: string
      readonly action?: string
      readonly kind?:
        | 'person'
        | 'member'
        | 'invitation'
        | 'contact'
        | 'key'
        | 'keys'
        | 'organisation'
        | 'client'
        | 'handover'
        | 'grant'
        | 'token'
        | 'preauthentication'
        | 'connect-settings'
        | 'connect-link'
        | 'database'
        | 'statement'
        | 'query'
        | 'webhook'
        | 'process'
        | 'audit'
      readonly subject?: string
      readonly from?: string
      readonly until?: string
    }
    readonly answers: { readonly 200: { readonly events: readonly AuditEvent[] } }
  }

  /** The whole audit trail, oldest first, as a file */
  readonly 'GET /audit/export': {
    readonly query?: {
      readonly format?: 'ndjson' | 'csv'
      readonly organisation?: string
      readonly actor?: string
      readonly action?: string
      readonly kind?:
        | 'person'
        | 'member'
        | 'invitation'
        | 'contact'
        | 'key'
        | 'keys'
        | 'organisation'
        | 'client'
        | 'handover'
        | 'grant'
        | 'token'
        | 'preauthentication'
        | 'connect-settings'
        | 'connect-link'
        | 'database'
        | 'statement'
        | 'query'
        | 'webhook'
        | 'process'
        | 'audit'
      readonly subject?: string
      readonly from?: string
      readonly until?: string
    }
  }

  /** List members */
  readonly 'GET /members': {
    readonly answers: { readonly 200: { readonly members: readonly Member[] } }
  }

  /** Invite somebody; the link is shown this once and works for a week */
  readonly 'POST /members': {
    readonly body: {
      readonly email: string
      readonly role: 'owner' | 'admin' | 'developer' | 'analyst' | 'auditor'
      readonly language?: 'en' | 'nl'
    }
    readonly answers: { readonly 200: NewInvitation; readonly 201: NewInvitation }
  }

  /** Give a member another role */
  readonly 'PATCH /members/{id}': {
    readonly path: { readonly id: string }
    readonly body: { readonly role: 'owner' | 'admin' | 'developer' | 'analyst' | 'auditor' }
    readonly answers: { readonly 200: Member }
  }

  /** Take a member out */
  readonly 'DELETE /members/{id}': {
    readonly path: { readonly id: string }
    readonly answers: { readonly 204: undefined }
  }

  /** A link with which a member sets a new password; shown this once, works for a day */
  readonly 'POST /members/{id}/reset-link': {
    readonly path: { readonly id: string }
    readonly body?: Readonly<Record<string, never>>
    readonly answers: { readonly 201: { readonly link: string } }
  }

  /** Invitations that still work */
  readonly 'GET /invitations': {
    readonly answers: { readonly 200: { readonly invitations: readonly Invitation[] } }
  }

  /** Take an invitation back */
  readonly 'DELETE /invitations/{id}': {
    readonly path: { readonly id: string }
    readonly answers: { readonly 204: undefined }
  }

  /** Who is written to when a grant needs attention */
  readonly 'GET /contacts': {
    readonly answers: { readonly 200: { readonly contacts: readonly Contact[] } }
  }

  /** Write to this address too when a grant needs attention */
  readonly 'POST /contacts': {
    readonly body: { readonly email: string; readonly language?: 'en' | 'nl' }
    readonly answers: { readonly 201: Contact }
  }

  /** Write to this address no more */
  readonly 'DELETE /contacts/{id}': {
    readonly path: { readonly id: string }
    readonly answers: { readonly 204: undefined }
  }

  /** Have a link for a new password mailed; the answer is the same whoever has the address */
  readonly 'POST /password-resets': {
    readonly body: { readonly email: string; readonly language?: 'en' | 'nl' }
    readonly answers: { readonly 202: { readonly isMailed: boolean } }
  }

  /** Who is logged in, and in which organisations */
  readonly 'GET /session': {
    readonly answers: {
      readonly 200: { readonly person: Person; readonly organisations: readonly Membership[] }
    }
  }

  /** What the OpenID provider is called at which people can log in; null without one */
  readonly 'GET /single-sign-on': {
    readonly answers: { readonly 200: { readonly name: string | null } }
  }

  /** Where you are logged in */
  readonly 'GET /sessions': {
    readonly answers: { readonly 200: { readonly sessions: readonly LogInSession[] } }
  }

  /** End one of your sessions */
  readonly 'DELETE /sessions/{id}': {
    readonly path: { readonly id: string }
    readonly answers: { readonly 204: undefined }
  }

  /** Become the first owner, with the link that the server printed */
  readonly 'POST /setup': {
    readonly body: {
      readonly token: string
      readonly name: string
      readonly email: string
      readonly password: string
    }
    readonly answers: {
      readonly 201: {
        readonly person: { readonly id: string; readonly name: string; readonly email: string }
        readonly organisations: readonly Membership[]
      }
    }
  }

  /** What an invitation’s link leads to */
  readonly 'POST /invitations/preview': {
    readonly body: { readonly token: string }
    readonly answers: { readonly 200: InvitationPreview }
  }

  /** Become a member: as who is logged in, or as somebody new with a name and a password */
  readonly 'POST /invitations/accept': {
    readonly body: { readonly token: string; readonly name?: string; readonly password?: string }
    readonly answers: {
      readonly 201: {
        readonly person: { readonly id: string; readonly email: string }
        readonly organisations: readonly Membership[]
      }
    }
  }

  /** Subscribe to events; the signing secret is shown this once */
  readonly 'POST /webhooks': {
    readonly body: {
      readonly url: string
      readonly description?: string
      readonly events?: readonly (
        | 'grant.created'
        | 'grant.pending'
        | 'grant.refreshed'
        | 'grant.ambiguous'
        | 'grant.needs_consent'
        | 'grant.misconfigured'
        | 'grant.recovered'
        | 'grant.expiring'
        | 'grant.superseded'
        | 'grant.rival'
        | 'grant.revoked'
        | 'grant.deleted'
      )[]
      readonly descendants?: boolean
    }
    readonly answers: { readonly 200: WebhookWithSecret; readonly 201: WebhookWithSecret }
  }

  /** List webhooks */
  readonly 'GET /webhooks': {
    readonly answers: { readonly 200: { readonly webhooks: readonly Webhook[] } }
  }

  /** One webhook */
  readonly 'GET /webhooks/{id}': {
    readonly path: { readonly id: string }
    readonly answers: { readonly 200: Webhook }
  }

  /** End a subscription */
  readonly 'DELETE /webhooks/{id}': {
    readonly path: { readonly id: string }
    readonly answers: { readonly 204: undefined }
  }

  /** A new secret; the one before signs beside it for a day, or as long as told */
  readonly 'POST /webhooks/{id}/rotate': {
    readonly path: { readonly id: string }
    readonly body?: { readonly overlapSeconds?: number }
    readonly answers: { readonly 200: WebhookWithSecret }
  }

  /** Deliveries, newest first */
  readonly 'GET /webhooks/{id}/deliveries': {
    readonly path: { readonly id: string }
    readonly query?: {
      readonly limit?: number
      readonly before?: string
      readonly state?: 'pending' | 'delivered' | 'dead'
    }
    readonly answers: { readonly 200: { readonly deliveries: readonly Delivery[] } }
  }

  /** Send again: one delivery that ended, or all that were given up */
  readonly 'POST /webhooks/{id}/deliveries/replay': {
    readonly path: { readonly id: string }
    readonly body?: { readonly delivery?: string }
    readonly answers: { readonly 202: { readonly replayed: number } }
  }

  /** Hand over many at once: NDJSON in, one outcome a line out, as each is known */
  readonly 'POST /handovers/batch': {
    readonly query?: { readonly dryRun?: 'true' | 'false' }
    readonly bodyLine: BatchLine
    readonly answerLine: BatchOutcome
  }
}

export type Route = keyof Routes
/** What a route answers when it succeeds. */
export type Answer<R extends Route> = Routes[R] extends { readonly answers: infer A } ? A[keyof A] : never
/** What is sent to a route. */
export type Body<R extends Route> = Routes[R] extends { readonly body?: infer B }
  ? Exclude<B, undefined>
  : never
/** What a route's address holds behind the `?`. */
export type Query<R extends Route> = Routes[R] extends { readonly query?: infer Q }
  ? Exclude<Q, undefined>
  : never
