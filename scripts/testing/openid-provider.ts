import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'
import type { Page } from 'playwright-core'

export interface OpenIdProvider {
  readonly url: string
  readonly client: { readonly clientId: string; readonly clientSecret: string }
  close(): Promise<void>
}

/** What a test wants of the provider beside the flow with a code. */
export interface OpenIdProviderOptions {
  readonly grantTypes?: readonly string[]
  /** Settings of the library, in the place of those below. */
  readonly settings?: object
}

/** A certified OpenID provider that nobody here wrote. Everybody has an account; `un…@` has an unverified address. */
export async function openOpenIdProvider(
  redirectUri: string,
  { grantTypes = ['authorization_code'], settings = {} }: OpenIdProviderOptions = {},
): Promise<OpenIdProvider> {
  // With characters that must be encoded on their way.
  const client = { clientId: 'a client:1', clientSecret: 'a secret/with+signs%' }
  let provider: Provider | undefined
  const server = createServer((request, response) => void provider?.callback()(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  provider = new Provider(url, {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: [redirectUri],
        grant_types: grantTypes,
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    features: { devInteractions: { enabled: true } },
    pkce: { required: () => true },
    findAccount: (_: unknown, id: string) => ({
      accountId: id,
      claims: async () => ({ sub: id, email: id, email_verified: !id.startsWith('un'), name: `${id} there` }),
    }),
    cookies: { keys: ['only for tests'] },
    ttl: {
      AccessToken: 3600,
      AuthorizationCode: 60,
      IdToken: 3600,
      Interaction: 600,
      Session: 3600,
      Grant: 3600,
    },
    ...settings,
  })
  return {
    url,
    client,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Plays the person on the provider's own pages: who they are, and yes. */
export async function agreeAs(page: Page, email: string): Promise<void> {
  await page.locator('input[name=login]').fill(email)
  await page.locator('input[name=password]').fill('anything')
  await page.locator('button[type=submit]').click()
  await page.getByRole('button', { name: 'Continue' }).click()
}
