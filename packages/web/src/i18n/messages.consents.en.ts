/** Texts of the pages about consents that are asked from here, and the apps that they are given to. */
export const consentsEn = {
  'place.platform': 'Platform',
  'place.choose': 'Choose…',
  'clients.title': 'Clients',
  'clients.lead':
    'Apps that you registered at a platform: client ID, client secret and redirect URLs, kept once for every handover and log-in.',
  'clients.empty': 'No client is kept yet.',
  'clients.new': 'Keep a client',
  'clients.nameHelp': 'What you call the app. Without a name its client ID stands for it.',
  'clients.secretHelp': 'Sealed by the server, and never shown again.',
  'clients.redirectUrls': 'Redirect URLs',
  'clients.redirectUrlsHelp': 'Exactly as registered with the app, one per line.',
  'clients.ownReturn': 'For consents that end in Sluis, register this one with the app too:',
  'clients.serves': 'Organisations below may use it',
  'clients.servesHelp': 'They hand over and log in with it. They see neither its secret nor each other.',
  'clients.keep': 'Keep it',
  'clients.kept': '{name} is kept.',
  'clients.keptSince': 'Kept since',
  'clients.inherited': 'from above',
  'clients.secret.kept': 'kept',
  'clients.secret.waits': 'a new one is tried next',
  'clients.secret.refused': 'the new one was refused',
  'client.inherited':
    'This client belongs to an organisation above. It can be used here, and is changed there.',
  'client.grants':
    'Living grants on this client ID, also those whose ID and secret were typed at the handover.',
  'client.grantsBelow':
    'Living grants on this client ID here and in the organisations below, also those whose ID and secret were typed at the handover.',
  'client.newSecret': 'New secret',
  'client.giveSecret': 'Give the new secret',
  'client.secretKept':
    'Kept sealed. A new one is tried at the next refresh of a grant, and takes its place when it has worked; no grant is touched.',
  'client.secretUntried': 'Kept sealed. There is no grant to try a new one with: it takes its place at once.',
  'client.secretReplaced': 'The new secret has taken the place of the old one.',
  'client.secretWaits':
    'A new secret was given on {since}. The next refresh of a grant tries it; the one before is kept until it has worked.',
  'client.secretRefused':
    'The platform refused the new secret of {since} on {refused}. The one before is tried again. Give the right one.',
  'client.delete': 'Forget the client',
  'client.deleteHelp':
    'Refused while a grant uses it. Grants that brought an ID and secret of their own do not need it.',
  'client.usedBelow': 'Grants of organisations below use it too.',
  'wizard.app': 'App',
  'wizard.app.typed': 'Another app: type its ID and secret',
  'wizard.redirectUrlOfConsent': 'The one that this consent came back to.',
  'wizard.app.inherited': '{name} (from above)',
} as const
