import { Browser } from '@sluis/server/testing'
import { password, peopleOf } from './people-of-lab.ts'
import { totp } from './totp.ts'
import type { WebLab } from './web-lab.ts'

/** A lab with something to look at on every page. */
export interface PicturedLab extends WebLab {
  readonly olga: { readonly email: string }
  /** Has a second factor. */
  readonly tim: { readonly email: string }
  readonly grant: string
  readonly client: string
  /** An organisation in which nothing is yet. */
  readonly empty: string
  /** Links as they are handed out. */
  readonly invitation: string
  readonly reset: string
  readonly consent: string
  /** The consent that is asked by that link. */
  readonly asked: string
  /** A partner's page for its customer. */
  readonly connect: string
}

export async function pictureLab(lab: WebLab): Promise<PicturedLab> {
  const { olga, begin, join } = peopleOf(() => lab)
  const must = async (method: string, path: string, body: object) => {
    const answer = await lab.call(method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.text}`)
    return answer.body
  }
  await begin()
  const { browser: tim, id: timId } = await join('tim@example.com', 'developer', 'Tim de Vries')
  await join('anna@example.com', 'analyst', 'Anna Bakker')
  const begun = await tim.call('POST', '/api/auth/two-factor/enable', { password })
  const secret = new URL(begun.body.totpURI).searchParams.get('secret') ?? ''
  await tim.call('POST', '/api/auth/two-factor/verify-totp', { code: totp(secret) })
  const { body: invited } = await olga.call('POST', '/members', { email: 'eva@example.com', role: 'analyst' })
  const { body: reset } = await olga.call('POST', `/members/${timId}/reset-link`, {})

  const pair = await lab.tokens()
  const { grant } = await must('POST', '/databases', {
    name: 'bakery',
    title: 'De Bakkerij',
    ...lab.handover({ kind: 'tokens', ...pair }),
  })
  // Of another country than the wizard's pictures, which are of an organisation that keeps no client.
  const place = { platform: 'exact-online', region: 'nl' }
  const client = await must('POST', '/clients', {
    ...place,
    clientId: '6f1c0e5a-2d1b-4c55-9c0e',
    clientSecret: 'a secret that nobody sees',
    label: 'Boeken van onze klanten',
    redirectUris: [`${lab.url}/app/consent/return`],
    servesDescendants: true,
  })
  await must('POST', '/organisations', { name: 'Bakkerij Bos' })
  const empty = await must('POST', '/organisations', { name: 'Garage Gerritsen' })
  await must('POST', '/keys', {
    name: 'Power BI',
    scopes: ['databases:read', 'query'],
    databases: ['bakery'],
  })
  const ask = (label: string) => must('POST', '/preauthentications', { ...place, client: client.id, label })
  const { id: cancelled } = await ask('Slagerij De Vries')
  await lab.call('DELETE', `/preauthentications/${cancelled}`)
  const consent = await ask('Bakkerij Bos')
  await must('PATCH', '/connect-settings', {
    name: 'Boekhoudpartner',
    colour: '#5f3dc4',
    texts: {
      en: 'Then your invoices appear in Boekhoudpartner by themselves.',
      nl: 'Dan verschijnen uw facturen vanzelf in Boekhoudpartner.',
    },
    returnAddresses: ['https://partner.example/done'],
  })
  const link = (label: string, externalId: string) =>
    must('POST', '/connect-links', {
      ...place,
      client: client.id,
      returnAddress: 'https://partner.example/done',
      label,
      externalId,
    })
  const { id: takenBack } = await link('Garage Gerritsen', 'customer-40')
  await lab.call('DELETE', `/connect-links/${takenBack}`)
  const asks = new Browser(() => lab.url)
  const no = { secret: new URL((await link('Slagerij De Vries', 'customer-41')).url).hash.slice(1) }
  await asks.call('POST', '/connect/cancel', no)
  const connect = await link('Bakkerij Bos', 'customer-42')
  const query = (sql: string) => lab.call('POST', '/databases/bakery/query', { sql })
  await query('SELECT count(*) FROM crm.Accounts')
  await query('SELECT FullName FROM crm.Contacts LIMIT 10')
  await query('SELECT Nmae FROM crm.Accounts')
  for (const [name, isShared] of [
    ['Customers without an e-mail address', true],
    ['Open debtors older than 60 days', true],
    ['Try-out', false],
  ] as const)
    await must('POST', '/queries', {
      name,
      isShared,
      sql: 'SELECT Name FROM crm.Accounts WHERE Email IS NULL',
    })
  const reader = new Browser(() => lab.url)
  await reader.logIn('anna@example.com', password)
  await reader.call('POST', '/queries', {
    name: 'Revenue by city',
    isShared: true,
    sql: 'SELECT City, count(*) FROM crm.Accounts GROUP BY ALL',
  })
  return Object.assign(Object.create(lab) as WebLab, {
    olga: { email: 'olga@example.com' },
    tim: { email: 'tim@example.com' },
    grant: grant.id,
    client: client.id,
    empty: empty.id,
    invitation: invited.link,
    reset: reset.link,
    consent: consent.startUrl,
    asked: consent.id,
    connect: connect.url,
  })
}
