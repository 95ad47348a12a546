import type { Division } from '../data/entity-set.ts'

type Language = 'nl' | 'en'

const texts = {
  en: {
    login: 'Log in to Exact Online (emulated)',
    user: 'User name',
    password: 'Password',
    anyPassword: 'This is an emulator: any name and password will do, unless a user was registered.',
    wrong: 'User name or password is incorrect.',
    next: 'Log in',
    secondFactor: 'Second step',
    code: 'Code of your authenticator',
    codeHint: 'Six digits, new every half minute.',
    wrongCode: 'That code is not right, or no longer.',
    verify: 'Continue',
    consent: 'Give permission',
    asks: 'asks to use the data of these companies in your name:',
    allow: 'Allow',
    cancel: 'Cancel',
    none: 'Choose at least one company.',
    fault: 'Something is wrong with this request',
  },
  nl: {
    login: 'Inloggen bij Exact Online (nagebootst)',
    user: 'Gebruikersnaam',
    password: 'Wachtwoord',
    anyPassword:
      'Dit is een nabootsing: elke naam en elk wachtwoord is goed, tenzij de gebruiker is vastgelegd.',
    wrong: 'De gebruikersnaam of het wachtwoord klopt niet.',
    next: 'Inloggen',
    secondFactor: 'Tweede stap',
    code: 'Code van je authenticator',
    codeHint: 'Zes cijfers, elke halve minuut nieuw.',
    wrongCode: 'Die code klopt niet, of niet meer.',
    verify: 'Verder',
    consent: 'Toestemming geven',
    asks: 'vraagt om namens jou de gegevens van deze administraties te gebruiken:',
    allow: 'Toestaan',
    cancel: 'Annuleren',
    none: 'Kies ten minste één administratie.',
    fault: 'Er klopt iets niet aan dit verzoek',
  },
} as const

/** Dutch for a Dutch browser, else English. */
export function languageOf(acceptLanguage: string | undefined, asked: string | null): Language {
  return asked === 'nl' || asked === 'en' ? asked : /^nl/i.test(acceptLanguage ?? '') ? 'nl' : 'en'
}

const escapeHtml = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')

function page(language: Language, title: string, body: string): string {
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title><style>
body{font:16px/1.5 "Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;margin:0;background:#f3f4f6;color:#1f2937;display:grid;place-items:start center;min-height:100vh}
main{background:#fff;margin:8vh 1rem 2rem;padding:2rem;border-radius:.5rem;max-width:26rem;width:calc(100% - 2rem);box-sizing:border-box;border-top:6px solid #b91c1c}
h1{font-size:1.25rem;margin:0 0 1rem}label{display:block;margin:.75rem 0 .25rem}input[type=text],input[type=password]{font:inherit;width:100%;padding:.5rem;box-sizing:border-box;border:1px solid #6b7280;border-radius:.25rem}
fieldset{border:0;padding:0;margin:1rem 0}fieldset label{display:flex;gap:.5rem;align-items:center;min-height:2.75rem;margin:0;border-bottom:1px solid #e5e7eb;cursor:pointer}legend{padding:0;margin-bottom:.5rem;overflow-wrap:anywhere}input[type=checkbox]{width:1.25rem;height:1.25rem;flex:none;accent-color:#b91c1c}button{font:inherit;padding:.625rem 1.25rem;min-height:2.75rem;border-radius:.25rem;border:1px solid #b91c1c;background:#b91c1c;color:#fff;margin:1rem .5rem 0 0;cursor:pointer}
button.plain{background:#fff;color:#b91c1c}button:focus-visible,input:focus-visible{outline:3px solid #1d4ed8;outline-offset:2px}.fault{color:#b91c1c}small{color:#4b5563}
</style></head><body><main><h1>${escapeHtml(title)}</h1>${body}</main></body></html>`
}

const hidden = (fields: Readonly<Record<string, string>>) =>
  Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${escapeHtml(value)}">`)
    .join('')

/** The log-in page; with `refused`, the name whose password was wrong. */
export function loginPage(
  language: Language,
  request: Readonly<Record<string, string>>,
  refused: string | null = null,
): string {
  const text = texts[language]
  return page(
    language,
    text.login,
    `<form method="post" action="/api/oauth2/login">${hidden(request)}
${refused === null ? '' : `<p class="fault" role="alert" id="fault">${text.wrong}</p>`}
<label for="user">${text.user}</label><input id="user" name="user" type="text" required value="${escapeHtml(refused ?? '')}"${refused === null ? ' autofocus' : ''} autocomplete="username">
<label for="password">${text.password}</label><input id="password" name="password" type="password" required${refused === null ? '' : ' autofocus aria-invalid="true"'} aria-describedby="${refused === null ? 'hint' : 'fault hint'}" autocomplete="current-password">
<p><small id="hint">${text.anyPassword}</small></p><button>${text.next}</button></form>`,
  )
}

/** The page that asks for the digits of an authenticator; with `isRefused`, after digits that were wrong. */
export function secondFactorPage(
  language: Language,
  fields: Readonly<Record<string, string>>,
  isRefused: boolean,
): string {
  const text = texts[language]
  return page(
    language,
    text.secondFactor,
    `<form method="post" action="/api/oauth2/verify">${hidden(fields)}
${isRefused ? `<p class="fault" role="alert" id="fault">${text.wrongCode}</p>` : ''}
<label for="code">${text.code}</label><input id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" required autofocus${isRefused ? ' aria-invalid="true"' : ''} aria-describedby="${isRefused ? 'fault hint' : 'hint'}">
<p><small id="hint">${text.codeHint}</small></p><button>${text.verify}</button></form>`,
  )
}

export function consentPage(
  language: Language,
  appName: string,
  divisions: readonly Division[],
  fields: Readonly<Record<string, string>>,
  isEmpty = false,
): string {
  const text = texts[language]
  const boxes = divisions
    .map(
      ({ code, name }) =>
        `<label><input type="checkbox" name="division" value="${code}" checked> ${escapeHtml(name)} (${code})</label>`,
    )
    .join('')
  return page(
    language,
    text.consent,
    `<form method="post" action="/api/oauth2/consent">${hidden(fields)}
<fieldset><legend><strong>${escapeHtml(appName)}</strong> ${text.asks}</legend>${boxes}</fieldset>
${isEmpty ? `<p class="fault" role="alert">${text.none}</p>` : ''}
<button name="choice" value="allow">${text.allow}</button><button class="plain" name="choice" value="cancel">${text.cancel}</button></form>`,
  )
}

/** Errors at this step are pages, not redirects. */
export function faultPage(language: Language, message: string): string {
  return page(language, texts[language].fault, `<p class="fault" role="alert">${escapeHtml(message)}</p>`)
}
