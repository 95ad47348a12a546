import type { Dataset } from '../data/dataset.ts'
import type { Value } from '../data/named-values.ts'
import { wallClock } from './wall-clock.ts'

/** What `current/Me` says of the user behind the token. @see wire.md § 3.8 */
export function meOf(
  user: string,
  currentDivision: number | null,
  dataset: Dataset,
  language: string,
  now: number,
): ReadonlyMap<string, Value> {
  const fullName = fullNameOf(user)
  return new Map<string, Value>([
    ['UserID', userGuid(user, dataset)],
    ['UserName', user],
    ['FullName', fullName],
    ['FirstName', fullName.split(' ')[0] ?? ''],
    ['LastName', fullName.split(' ').slice(1).join(' ')],
    ['Email', user.includes('@') ? user : `${user}@example.com`],
    ['CurrentDivision', currentDivision],
    ['AccountingDivision', currentDivision],
    ['ThumbnailPicture', null],
    ['LanguageCode', language],
    ['Language', language.slice(0, 2).toUpperCase()],
    ['Legislation', 1],
    ['EmployeeID', userGuid(`employee ${user}`, dataset)],
    ['ServerTime', new Date(wallClock(now)).toISOString().slice(0, 19)],
    ['ServerUtcOffset', Math.round((wallClock(now) - now) / 3_600_000)],
  ])
}

/** `anna.de.vries@example.com` is Anna De Vries. */
export function fullNameOf(user: string): string {
  return (user.split('@')[0] ?? '')
    .split(/[._-]/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join(' ')
}

/** The same user always has the same id, in whatever app. */
export function userGuid(user: string, dataset: Dataset): string {
  let number = 1000
  for (const character of user.toLowerCase()) number = (Math.imul(number, 31) + character.charCodeAt(0)) >>> 0
  return dataset.userGuid(number)
}
