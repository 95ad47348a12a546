import { Invitations } from './invitations.ts'
import { createLogIn, type LogIn } from './log-in.ts'
import type { LogInParts } from './log-in-parts.ts'
import { Alarms } from './mail/alarms.ts'
import { Contacts } from './mail/contacts.ts'
import { Letters } from './mail/letters.ts'
import type { Mailer } from './mail/mailer.ts'
import { Members } from './members.ts'
import { SavedQueries } from './saved-queries.ts'
import { Sessions } from './sessions.ts'
import { SetUp } from './set-up.ts'

/** Everything about people, as opposed to keys. */
export interface Persons {
  readonly logIn: LogIn
  readonly members: Members
  readonly invitations: Invitations
  readonly sessions: Sessions
  readonly setUp: SetUp
  readonly letters: Letters
  readonly contacts: Contacts
  readonly alarms: Alarms
  readonly savedQueries: SavedQueries
}

export interface PersonsParts extends LogInParts {
  /** Null: without a mail server links are passed on by hand. */
  readonly mailer: Mailer | null
  /** Where people reach this server, for links in letters. */
  readonly address: () => string
}

export function createPersons(parts: PersonsParts): Persons {
  const logIn = createLogIn(parts)
  return {
    logIn,
    members: new Members({ ...parts, logIn }),
    invitations: new Invitations({ ...parts, logIn }),
    sessions: new Sessions(parts.store, parts.audit),
    setUp: new SetUp({ ...parts, logIn }),
    letters: new Letters({ ...parts, logIn }),
    contacts: new Contacts(parts),
    alarms: new Alarms(parts),
    savedQueries: new SavedQueries(parts),
  }
}
