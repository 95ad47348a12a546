import type { Membership, Person, QueryAnswer, QueryStats } from '@sluis/sdk/api'

// What the API answers is made from its description; only what the pages make of it stands here.
export type {
  Access,
  Database,
  DatabaseSource as Source,
  Grant,
  GrantEvent,
  Organisation,
  Partition,
  Person,
  Platform,
  QueryAnswer,
  QueryStats as StatementStats,
  Region,
  Statement,
} from '@sluis/sdk/api'

/** Who is here: a person with their memberships, or a key, which is nobody. */
export interface Session {
  readonly person: Person | null
  readonly organisations: readonly Membership[]
}

/** An answer that came to its end. */
export type WholeAnswer = QueryAnswer & { readonly stats: QueryStats }
