/** What the pages say, in the languages of the partner's customers. */
export const texts = {
  en: {
    tagline: 'Know who still owes you.',
    welcome: 'Welcome to Polder',
    customer: 'Your company',
    logIn: 'Log in',
    logInHint: 'This is an example: in your product your own log-in stands here.',
    logOut: 'Log out',
    connections: 'Your books',
    none: 'Not connected yet.',
    connect: (label: string) => `Connect ${label}`,
    again: (label: string) => `Connect ${label} again`,
    hosted: (label: string) => `Connect ${label} on our connect page`,
    kept: (day: string) => `Connected on ${day}. We have not looked into your books yet.`,
    active: 'Connected.',
    lapsed: (label: string) => `${label} no longer accepts the permission that you gave.`,
    lapsedHint: 'Nothing is wrong with your books. Give permission once more and everything goes on.',
    show: 'Show my open invoices',
    invoices: (label: string) => `Open invoices in ${label}`,
    columns: ['Customer', 'Invoice', 'Due', 'Amount'],
    noInvoices: 'Everything is paid.',
    later: 'Your books cannot be read right now. Nothing is lost: try again in a moment.',
    tryAgain: 'Try again',
    back: 'Back to your books',
    cancelled: 'You gave no permission, so nothing was connected.',
    stranger: 'This link was used before, or begun in another browser. Please begin again here.',
    refused: 'The platform did not accept the permission. Please begin again.',
    notReachable: 'Connecting is not possible right now. Please try again in a moment.',
    privacy: 'You log in at your bookkeeping package itself. We never see your password.',
  },
  nl: {
    tagline: 'Weet wie u nog moet betalen.',
    welcome: 'Welkom bij Polder',
    customer: 'Uw bedrijf',
    logIn: 'Inloggen',
    logInHint: 'Dit is een voorbeeld: in uw product staat hier uw eigen log-in.',
    logOut: 'Uitloggen',
    connections: 'Uw boekhouding',
    none: 'Nog niet gekoppeld.',
    connect: (label: string) => `${label} koppelen`,
    again: (label: string) => `${label} opnieuw koppelen`,
    hosted: (label: string) => `${label} koppelen op onze verbindpagina`,
    kept: (day: string) => `Gekoppeld op ${day}. We hebben nog niet in uw boekhouding gekeken.`,
    active: 'Gekoppeld.',
    lapsed: (label: string) => `${label} aanvaardt de toestemming die u gaf niet meer.`,
    lapsedHint: 'Er is niets mis met uw boekhouding. Geef nog een keer toestemming en alles gaat verder.',
    show: 'Toon mijn openstaande facturen',
    invoices: (label: string) => `Openstaande facturen in ${label}`,
    columns: ['Klant', 'Factuur', 'Vervalt', 'Bedrag'],
    noInvoices: 'Alles is betaald.',
    later: 'Uw boekhouding is nu niet te lezen. Er is niets verloren: probeer het zo nog eens.',
    tryAgain: 'Nog eens proberen',
    back: 'Terug naar uw boekhouding',
    cancelled: 'U gaf geen toestemming, dus er is niets gekoppeld.',
    stranger: 'Deze link is al gebruikt, of in een andere browser begonnen. Begin hier opnieuw.',
    refused: 'Het platform aanvaardde de toestemming niet. Begin opnieuw.',
    notReachable: 'Koppelen kan nu even niet. Probeer het zo nog eens.',
    privacy: 'U logt in bij uw boekhoudpakket zelf. Wij zien uw wachtwoord nooit.',
  },
} as const

export type Language = keyof typeof texts
export type Texts = (typeof texts)[Language]

/** The first of the browser's languages that we speak; else English. */
export function languageOf(header: string | undefined): Language {
  const wanted = (header ?? '').split(',').map((part) => part.trim().slice(0, 2).toLowerCase())
  return wanted.find((language) => language === 'nl' || language === 'en') === 'nl' ? 'nl' : 'en'
}
