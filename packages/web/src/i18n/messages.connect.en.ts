/** The page that a partner's customer sees. `connect.end.…` is composed from why a link goes no further. */
export const connectEn = {
  'connect.title': 'Connect {platform}',
  'connect.renew': 'Connect {platform} again',
  'connect.asks': '{name} asks you to give access to your data at {platform}.',
  'connect.own':
    'You log in at {platform} itself: {name} does not see your password. You can say no there too.',
  'connect.same': 'Log in as the person who gave access before: what was connected stays connected.',
  'connect.platform': 'Platform',
  'connect.app': 'App',
  'connect.scopes': 'Rights',
  'connect.after': 'Afterwards you return to',
  'connect.proceed': 'Continue to {platform}',
  'connect.no': 'No, thank you',
  'connect.unasked': 'Did you not expect this? Then close this page: nothing has happened.',
  'connect.stopped': 'This goes no further',
  'connect.end.expired': 'This link has expired.',
  'connect.end.used': 'This link has been used already.',
  'connect.end.revoked': 'This link was taken back.',
  'connect.end.other-browser': 'This link was opened in another browser first. It can only be used there.',
  'connect.end.other-person':
    'You logged in as another person than the one who gave access before, so the connection is as it was. Go back, and log in as that person next time.',
  'connect.end.failed': 'The connection could not be made. {name} can see why.',
  'connect.again': 'Ask {name} for a new link.',
  'connect.unknown':
    'This link is not complete, or no longer known. Open the whole link, or ask for a new one.',
  'connect.back': 'Back to {name}',
  'connect.going': 'One moment: you are going back to {name}.',
  'connect.done': 'The connection is made. You can close this page.',
  'connect.cancelled': 'No access was given. You can close this page.',
  'connect.footer': 'A page of {organisation}, served by Sluis',
} as const
