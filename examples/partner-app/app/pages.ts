import type { Books } from './books.ts'
import type { Connection } from './own-table.ts'
import type { PartnerPlatform } from './platforms.ts'
import { type Language, texts } from './texts.ts'

/** The companies that may log in to the example. */
export const customers = [
  { id: 'korenaar', name: 'Bakkerij De Korenaar' },
  { id: 'vandam', name: 'Fietsen Van Dam' },
  { id: 'molen', name: 'De Molen Advies' },
] as const

const escapeHtml = (text: unknown) =>
  String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** HTML whose values are escaped; HTML made by itself is taken as it is. */
class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}
function html(strings: TemplateStringsArray, ...values: readonly (Html | readonly Html[] | unknown)[]): Html {
  const one = (value: unknown): string =>
    value instanceof Html
      ? value.text
      : Array.isArray(value)
        ? value.map(one).join('')
        : value === null
          ? ''
          : escapeHtml(value)
  return new Html(strings.map((string, at) => string + (at < values.length ? one(values[at]) : '')).join(''))
}

const logo = html`<svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true"><rect width="32" height="32" rx="8" fill="#0b6e4f"/><path d="M5 20c4-4 7-4 11 0s7 4 11 0M5 13c4-4 7-4 11 0s7 4 11 0" fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round"/></svg>`

function page(language: Language, title: string, body: Html, customer: string | null): string {
  const t = texts[language]
  const name = customers.find(({ id }) => id === customer)?.name
  return html`<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Polder</title><link rel="stylesheet" href="/polder.css"></head>
<body><header><a class="brand" href="/">${logo}<span>Polder</span></a>${
    name === undefined
      ? null
      : html`<form method="post" action="/log-out"><span>${name}</span> <button class="plain">${t.logOut}</button></form>`
  }</header><main>${body}</main><footer>${t.privacy}</footer></body></html>`.text
}

export function logInPage(language: Language): string {
  const t = texts[language]
  return page(
    language,
    t.logIn,
    html`<h1>${t.welcome}</h1><p class="lead">${t.tagline}</p>
<form method="post" action="/log-in" class="card"><label for="customer">${t.customer}</label>
<select id="customer" name="customer">${customers.map(({ id, name }) => html`<option value="${id}">${name}</option>`)}</select>
<button>${t.logIn}</button><p class="hint">${t.logInHint}</p></form>`,
    null,
  )
}

export interface Shown {
  readonly platform: PartnerPlatform
  readonly connection: Connection | null
}

export function connectionsPage(
  language: Language,
  customer: string,
  shown: readonly Shown[],
  notice: string | null,
): string {
  const t = texts[language]
  const card = ({ platform, connection }: Shown) => {
    const { id, label } = platform
    const isLapsed = connection?.isLapsed ?? false
    const isConnected = connection !== null && !isLapsed
    const state =
      connection === null
        ? t.none
        : isLapsed
          ? t.lapsed(label)
          : connection.grant === null
            ? t.kept(dayOf(language, connection.consentedAt))
            : t.active
    return html`<section class="card"><h2>${label}</h2><p>${state}</p>${isLapsed ? html`<p>${t.lapsedHint}</p>` : null}
${isConnected ? html`<a class="button" href="/books/${id}">${t.show}</a>` : null}
<form method="post" action="/connect/${id}"><button class="${isConnected ? 'plain' : ''}">${connection === null ? t.connect(label) : t.again(label)}</button></form>
<form method="post" action="/hosted/${id}"><button class="plain">${t.hosted(label)}</button></form></section>`
  }
  return page(
    language,
    t.connections,
    html`<h1>${t.connections}</h1>${notice === null ? null : html`<p role="status" class="notice">${notice}</p>`}
<div class="cards">${shown.map(card)}</div>`,
    customer,
  )
}

export function booksPage(
  language: Language,
  customer: string,
  platform: PartnerPlatform,
  books: Books,
): string {
  const t = texts[language]
  const { id, label } = platform
  const inner =
    books.kind === 'lapsed'
      ? html`<p role="alert" class="notice">${t.lapsed(label)} ${t.lapsedHint}</p>
<form method="post" action="/connect/${id}"><button>${t.again(label)}</button></form>`
      : books.kind === 'later'
        ? html`<p role="alert" class="notice">${t.later}</p><a class="button" href="/books/${id}">${t.tryAgain}</a>`
        : books.answer.rows.length === 0
          ? html`<p>${t.noInvoices}</p>`
          : html`<div class="scroll" tabindex="0" role="region" aria-label="${t.invoices(label)}"><table><thead><tr>${t.columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${books.answer.rows.map(([name, invoice, due, amount]) => html`<tr><td>${name}</td><td>${invoice}</td><td>${dayOf(language, Date.parse(`${due}Z`))}</td><td class="amount">${moneyOf(language, amount)}</td></tr>`)}</tbody></table></div>`
  return page(
    language,
    t.invoices(label),
    html`<h1>${t.invoices(label)}</h1>${inner}<p><a href="/">${t.back}</a></p>`,
    customer,
  )
}

const locales = { nl: 'nl-NL', en: 'en-GB' } as const
const dayOf = (language: Language, time: number) =>
  Number.isNaN(time)
    ? ''
    : new Intl.DateTimeFormat(locales[language], { dateStyle: 'long', timeZone: 'UTC' }).format(time)
const moneyOf = (language: Language, amount: unknown) =>
  new Intl.NumberFormat(locales[language], { style: 'currency', currency: 'EUR' }).format(Number(amount))
