import type { connectEn } from './messages.connect.en.ts'

export const connectNl: Readonly<Record<keyof typeof connectEn, string>> = {
  'connect.title': '{platform} verbinden',
  'connect.renew': '{platform} opnieuw verbinden',
  'connect.asks': '{name} vraagt u toegang te geven tot uw gegevens bij {platform}.',
  'connect.own': 'U logt in bij {platform} zelf: {name} ziet uw wachtwoord niet. U kunt ook daar weigeren.',
  'connect.same': 'Log in als degene die eerder toegang gaf: wat verbonden was, blijft verbonden.',
  'connect.platform': 'Platform',
  'connect.app': 'App',
  'connect.scopes': 'Rechten',
  'connect.after': 'Daarna keert u terug naar',
  'connect.proceed': 'Verder naar {platform}',
  'connect.no': 'Nee, bedankt',
  'connect.unasked': 'Verwachtte u dit niet? Sluit dan deze pagina: er is niets gebeurd.',
  'connect.stopped': 'Hier houdt het op',
  'connect.end.expired': 'Deze link is verlopen.',
  'connect.end.used': 'Deze link is al gebruikt.',
  'connect.end.revoked': 'Deze link is ingetrokken.',
  'connect.end.other-browser':
    'Deze link is eerst in een andere browser geopend. Alleen daar kan hij worden gebruikt.',
  'connect.end.other-person':
    'U bent ingelogd als iemand anders dan degene die eerder toegang gaf; de verbinding is gebleven zoals hij was. Ga terug, en log de volgende keer in als die persoon.',
  'connect.end.failed': 'De verbinding kon niet worden gemaakt. {name} kan zien waarom.',
  'connect.again': 'Vraag {name} om een nieuwe link.',
  'connect.unknown':
    'Deze link is niet volledig of niet meer bekend. Open de hele link, of vraag om een nieuwe.',
  'connect.back': 'Terug naar {name}',
  'connect.going': 'Een ogenblik: u gaat terug naar {name}.',
  'connect.done': 'De verbinding is gemaakt. U kunt deze pagina sluiten.',
  'connect.cancelled': 'Er is geen toegang gegeven. U kunt deze pagina sluiten.',
  'connect.footer': 'Een pagina van {organisation}, geleverd door Sluis',
}
