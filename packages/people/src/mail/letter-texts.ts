import type { Role } from '../roles.ts'
import { type Letter, oneLine } from './mailer.ts'

export const languages = ['en', 'nl'] as const
export type Language = (typeof languages)[number]

/** Why somebody is written to about a grant. */
export const alarmCauses = ['expiring', 'ambiguous', 'needs_consent'] as const
export type AlarmCause = (typeof alarmCauses)[number]

export interface AlarmLine {
  readonly cause: AlarmCause
  /** What people call the grant. */
  readonly grant: string
  readonly platform: string
  /** Its page, where it is re-authorised. */
  readonly link: string
}

const roleNames: Readonly<Record<Language, Readonly<Record<Role, string>>>> = {
  en: {
    owner: 'owner',
    admin: 'administrator',
    developer: 'developer',
    analyst: 'analyst',
    auditor: 'auditor',
  },
  nl: {
    owner: 'eigenaar',
    admin: 'beheerder',
    developer: 'ontwikkelaar',
    analyst: 'analist',
    auditor: 'auditor',
  },
}

const causes: Readonly<Record<Language, Readonly<Record<AlarmCause, string>>>> = {
  en: {
    expiring: 'ends soon unless it is renewed',
    ambiguous: 'it is uncertain whether its tokens still work',
    needs_consent: 'has ended: the user must consent again',
  },
  nl: {
    expiring: 'loopt binnenkort af als hij niet wordt vernieuwd',
    ambiguous: 'het is onzeker of de tokens nog werken',
    needs_consent: 'is geëindigd: de gebruiker moet opnieuw toestemming geven',
  },
}

interface Paragraph {
  readonly text: string
  readonly link?: string
}

const letter = (
  to: string,
  subject: string,
  paragraphs: readonly Paragraph[],
  language: Language,
): Letter => ({
  to,
  subject: oneLine(subject),
  text: `${paragraphs.map(({ text, link }) => oneLine(text) + (link ? `\n${link}` : '')).join('\n\n')}\n`,
  html: `<!doctype html><html lang="${language}"><body>${paragraphs
    .map(({ text, link }) => {
      const words = escapeHtml(oneLine(text))
      return `<p>${words}${link ? `<br><a href="${escapeHtml(link)}">${escapeHtml(link)}</a>` : ''}</p>`
    })
    .join('')}</body></html>`,
})

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (sign) => `&#${sign.codePointAt(0)};`)

export interface InvitationWords {
  readonly organisation: string
  readonly role: Role
  readonly link: string
}

export function invitationLetter(to: string, language: Language, words: InvitationWords): Letter {
  const { organisation, link } = words
  const role = roleNames[language][words.role]
  return language === 'nl'
    ? letter(
        to,
        `Uitnodiging voor ${organisation} in Sluis`,
        [
          {
            text: `Je bent uitgenodigd voor ${organisation}, als ${role}. De link werkt één keer, een week lang:`,
            link,
          },
          { text: 'Had je dit niet verwacht? Dan kun je dit bericht weggooien.' },
        ],
        language,
      )
    : letter(
        to,
        `Invitation to ${organisation} in Sluis`,
        [
          { text: `You are invited to ${organisation}, as ${role}. The link works once, for a week:`, link },
          { text: 'If you did not expect this, you can throw this message away.' },
        ],
        language,
      )
}

export function resetLetter(to: string, language: Language, link: string): Letter {
  return language === 'nl'
    ? letter(
        to,
        'Nieuw wachtwoord voor Sluis',
        [
          { text: 'Met deze link kies je een nieuw wachtwoord. Hij werkt één keer, een dag lang:', link },
          {
            text: 'Heb je hier niet om gevraagd? Dan hoef je niets te doen; je wachtwoord blijft zoals het is.',
          },
        ],
        language,
      )
    : letter(
        to,
        'New password for Sluis',
        [
          { text: 'With this link you choose a new password. It works once, for a day:', link },
          { text: 'If you did not ask for it, do nothing: your password stays as it is.' },
        ],
        language,
      )
}

/** One letter about all grants that something is to be said of. It holds names and addresses of pages, never a token. */
export function alarmLetter(
  to: string,
  language: Language,
  organisation: string,
  lines: readonly AlarmLine[],
): Letter {
  const isDutch = language === 'nl'
  const subject = isDutch
    ? `Sluis: ${lines.length === 1 ? 'een toestemming vraagt' : `${lines.length} toestemmingen vragen`} aandacht (${organisation})`
    : `Sluis: ${lines.length === 1 ? 'a grant needs' : `${lines.length} grants need`} attention (${organisation})`
  return letter(
    to,
    subject,
    [
      ...lines.map(({ cause, grant, platform, link }) => ({
        text: `${grant} (${platform}): ${causes[language][cause]}.`,
        link,
      })),
      {
        text: isDutch
          ? 'Op elke pagina staat hoe je nieuwe gegevens overdraagt. Sluis schrijft hooguit eens per dag over hetzelfde.'
          : 'Each page says how to hand new credentials over. Sluis writes about the same at most once a day.',
      },
    ],
    language,
  )
}
