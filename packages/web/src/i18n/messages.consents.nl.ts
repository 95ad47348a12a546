import type { consentsEn } from './messages.consents.en.ts'

export const consentsNl: Readonly<Record<keyof typeof consentsEn, string>> = {
  'place.platform': 'Platform',
  'place.choose': 'Kies…',
  'clients.title': 'Clients',
  'clients.lead':
    'Apps die je bij een platform hebt geregistreerd: client ID, client secret en redirect-URL’s, één keer bewaard voor elke overdracht en elke keer inloggen.',
  'clients.empty': 'Er is nog geen client bewaard.',
  'clients.new': 'Bewaar een client',
  'clients.nameHelp': 'Hoe je de app noemt. Zonder naam staat de client ID ervoor.',
  'clients.secretHelp': 'Verzegeld door de server, en nooit meer getoond.',
  'clients.redirectUrls': 'Redirect-URL’s',
  'clients.redirectUrlsHelp': 'Precies zoals bij de app geregistreerd, één per regel.',
  'clients.ownReturn': 'Registreer voor toestemmingen die in Sluis eindigen ook deze bij de app:',
  'clients.serves': 'Organisaties hieronder mogen hem gebruiken',
  'clients.servesHelp': 'Zij dragen ermee over en loggen ermee in. Ze zien het secret niet, en elkaar niet.',
  'clients.keep': 'Bewaar hem',
  'clients.kept': '{name} is bewaard.',
  'clients.keptSince': 'Bewaard sinds',
  'clients.inherited': 'van hierboven',
  'clients.secret.kept': 'bewaard',
  'clients.secret.waits': 'een nieuw wordt hierna geprobeerd',
  'clients.secret.refused': 'het nieuwe is geweigerd',
  'client.inherited':
    'Deze client is van een organisatie hierboven. Hij kan hier worden gebruikt, en wordt daar gewijzigd.',
  'client.grants':
    'Levende toestemmingen op deze client ID, ook die waarvan ID en secret bij de overdracht zijn getypt.',
  'client.grantsBelow':
    'Levende toestemmingen op deze client ID, hier en in de organisaties hieronder, ook die waarvan ID en secret bij de overdracht zijn getypt.',
  'client.newSecret': 'Nieuw secret',
  'client.giveSecret': 'Geef het nieuwe secret',
  'client.secretKept':
    'Verzegeld bewaard. Een nieuw secret wordt geprobeerd als een toestemming weer wordt vernieuwd, en vervangt het oude zodra het heeft gewerkt; geen toestemming wordt geraakt.',
  'client.secretUntried':
    'Verzegeld bewaard. Er is geen toestemming om een nieuw secret mee te proberen: het vervangt het oude meteen.',
  'client.secretReplaced': 'Het nieuwe secret heeft het oude vervangen.',
  'client.secretWaits':
    'Op {since} is een nieuw secret gegeven. De eerstvolgende vernieuwing van een toestemming probeert het; het vorige blijft bewaard tot het heeft gewerkt.',
  'client.secretRefused':
    'Het platform weigerde het nieuwe secret van {since} op {refused}. Het vorige wordt weer geprobeerd. Geef het juiste.',
  'client.delete': 'Vergeet de client',
  'client.deleteHelp':
    'Kan niet zolang een toestemming hem gebruikt. Toestemmingen met een eigen ID en secret hebben hem niet nodig.',
  'client.usedBelow': 'Ook toestemmingen van organisaties hieronder gebruiken hem.',
  'wizard.app': 'App',
  'wizard.app.typed': 'Een andere app: typ ID en secret',
  'wizard.redirectUrlOfConsent': 'Die waarop deze toestemming terugkwam.',
  'wizard.app.inherited': '{name} (van hierboven)',
}
