import type { LabAnswer, QueryLab } from '@sluis/server/testing'
import { handWritten } from './hand-written.ts'
import { type HandWrittenClient, handWrittenClient, type KnownRows } from './hand-written-client.ts'
import type { Question } from './questions.ts'

/** What one question cost: the first time, when nothing is known of the tables, again, and by hand. */
export interface ComparedCalls {
  readonly answer: LabAnswer
  readonly first: number
  readonly again: number
  readonly byHand: number
}

/** A hand-written client with a consent of its own, to every company of the lab. */
export async function openHandWritten(lab: QueryLab): Promise<() => HandWrittenClient> {
  const redirectUri = 'https://hand-written.example/cb'
  const client = { clientId: 'hand-written', clientSecret: 'hand-written-secret' }
  await lab.control('apps', {
    ...client,
    redirectUris: [redirectUri],
    limits: { minute: 1_000_000, day: 10_000_000 },
    // It may leave out the conditions that only satisfy a rule; they cost the connector no call either.
    flags: { enforceMandatoryFilter: false },
  })
  const consent = { clientId: client.clientId, user: 'bram@example.com', redirectUri }
  const { code } = await lab.control('consents', consent)
  const response = await fetch(`${lab.emulatorUrl}/api/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: String(code),
      redirect_uri: redirectUri,
      client_id: client.clientId,
      client_secret: client.clientSecret,
    }),
  })
  const { access_token: accessToken } = (await response.json()) as { access_token: string }
  const { companies } = (await lab.control('data')) as { companies: readonly { code: number }[] }
  const divisions = companies.map(({ code }) => code)
  const sizes = new Map<string, Promise<number>>()
  const count = async (division: number, path: string, query: Record<string, string>) => {
    const url = `${lab.emulatorUrl}/api/v1/${division}/${path}/$count?${new URLSearchParams(query)}`
    const answer = await fetch(url, { headers: { authorization: `Bearer ${accessToken}` } })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${answer.status} of ${url}: ${text}`)
    return Number(text)
  }
  const rowsOf: KnownRows = (division, path, { select, filter = '' }) => {
    const key = JSON.stringify([division, path, filter])
    const size = sizes.get(key) ?? count(division, path, { $select: select, $filter: filter })
    sizes.set(key, size)
    return size
  }
  return () => handWrittenClient({ baseUrl: lab.emulatorUrl, accessToken, divisions, rowsOf })
}

/** Asks a question twice in SQL and once by hand. Calls are those that the platform saw. */
export async function compareCalls(
  lab: QueryLab,
  newClient: () => HandWrittenClient,
  { name, sql }: Question,
): Promise<ComparedCalls> {
  const ask = handWritten[name]
  if (ask === undefined) throw new TypeError(`nobody wrote down how to ask ${name} by hand`)
  await lab.forget()
  const first = await lab.seen(() => lab.run(lab.planned, { sql }))
  const again = await lab.seen(() => lab.run(lab.planned, { sql }))
  // The first round tells the sizes that its programmer knows; those calls are not the client's.
  await ask(newClient())
  const client = newClient()
  const byHand = await lab.seen(() => ask(client))
  if (byHand.calls !== client.calls) {
    throw new Error(`${name}: the platform saw ${byHand.calls} calls, the client made ${client.calls}`)
  }
  return { answer: first.result, first: first.calls, again: again.calls, byHand: byHand.calls }
}
