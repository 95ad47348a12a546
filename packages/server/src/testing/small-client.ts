import type { HttpLab } from './http-lab.ts'

/** A client of its own, with limits of its own, over which a database is registered. */
export async function registerWithLimits(
  lab: HttpLab,
  clientId: string,
  limits: { readonly minute: number; readonly day: number },
  database: { readonly name: string } & Readonly<Record<string, unknown>>,
): Promise<{ readonly grant: string }> {
  const client = {
    clientId,
    clientSecret: `canary-secret-of-${clientId}`,
    redirectUri: 'https://partner.example/cb',
  }
  const { redirectUri, ...app } = client
  await lab.control('apps', { ...app, redirectUris: [redirectUri], limits })
  const { code } = await lab.control('consents', { clientId, user: `${clientId}@example.com`, redirectUri })
  const made = await lab.call('POST', '/databases', {
    ...database,
    ...lab.handover({ kind: 'code', code: String(code) }, { client }),
  })
  if (made.status !== 201) throw new Error(made.text)
  return { grant: made.body.grant.id }
}
