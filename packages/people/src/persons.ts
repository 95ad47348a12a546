import { Invitations } from './invitations.ts'
import { createLogIn, type LogIn } from './log-in.ts'
import type { LogInParts } from './log-in-parts.ts'
import { Members } from './members.ts'
import { Sessions } from './sessions.ts'
import { SetUp } from './set-up.ts'

/** Everything about people, as opposed to keys. */
export interface Persons {
  readonly logIn: LogIn
  readonly members: Members
  readonly invitations: Invitations
  readonly sessions: Sessions
  readonly setUp: SetUp
}

export function createPersons(parts: LogInParts): Persons {
  const logIn = createLogIn(parts)
  return {
    logIn,
    members: new Members({ ...parts, logIn }),
    invitations: new Invitations({ ...parts, logIn }),
    sessions: new Sessions(parts.store, parts.audit),
    setUp: new SetUp({ ...parts, logIn }),
  }
}
