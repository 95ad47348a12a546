import type { OutgoingRequest } from '@sluis/shared'
import type { ConsentRules, OAuthClient, OAuthPlatform, PlatformRegion, TokenGrant } from '@sluis/vault'
import { publicText } from '../exact-online/public-text.ts'
import { issuerEntries } from '../issuer-policies.ts'
import { addressIn } from './addresses.ts'
import type { OAuthProfile } from './oauth-profile.ts'
import { firstAt, parseBody, textAt } from './read-json.ts'
import { classifyProfileAnswer } from './token-answer.ts'

/** A client in `Authorization: Basic`. @see RFC 6749 § 2.3.1 */
const basic = ({ clientId, clientSecret }: OAuthClient) =>
  `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret.reveal())}`).toString('base64')}`

const encoded = (kind: 'form' | 'json', fields: Readonly<Record<string, string>>) =>
  kind === 'json'
    ? { type: 'application/json', body: JSON.stringify(fields) }
    : { type: 'application/x-www-form-urlencoded', body: new URLSearchParams(fields).toString() }

/** How a user is asked for consent on a platform. `urlOf` is given where the region decides more than its hosts do. */
export function consentOf(
  profile: OAuthProfile,
  urlOf: (region: PlatformRegion) => string = (region) => addressIn(profile, region, profile.authorize.url),
): ConsentRules {
  const { parameters, scope, pkce, nonce, issuer, keeps } = profile.authorize
  return {
    authorizeUrl: urlOf,
    parameters,
    scope,
    takesPkce: pkce,
    needsNonce: nonce !== null,
    promisesIdToken: nonce === 'answered',
    issuerOf: (region) => (region.isOperators ? null : issuer),
    keeps,
  }
}

/** A platform that has no more than its profile: grants are handed over, kept alive and leased; tables it has none. */
export function profilePlatform(
  profile: OAuthProfile,
  regions: ReadonlyMap<string, PlatformRegion>,
): OAuthPlatform {
  const entry = issuerEntries().get(profile.id)
  if (entry?.kind !== 'oauth') throw new TypeError(`the facts hold no policy of ${profile.id}`)
  const { whoAmI, tenants, revoke } = profile
  return {
    id: profile.id,
    label: profile.label,
    policy: entry.policy,
    regions,
    consent: consentOf(profile),
    stampedRegion: () => null,
    tokenRequest: (region, client, grant) => tokenRequest(profile, region, client, grant),
    processTokenResponse: (response) => classifyProfileAnswer(profile, response),
    whoAmIRequest: (region, accessToken, values) => ({
      method: whoAmI.method,
      url: addressIn(profile, region, whoAmI.url, { ...values, token: accessToken.reveal() }),
      headers: {
        accept: 'application/json',
        authorization: `Bearer ${accessToken.reveal()}`,
        ...(whoAmI.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(whoAmI.body === undefined ? {} : { body: whoAmI.body }),
    }),
    processWhoAmIResponse({ status, body }, accessToken, values) {
      const text = publicText(`HTTP ${status} · ${body.toString('utf8').slice(0, 300)}`)
      const isRefused = status === 401 || (status === 403 && !whoAmI.isForbiddenOpen)
      if (isRefused) return { kind: 'refused', text }
      const json = status === 200 ? parseBody(body.toString('utf8')) : undefined
      const sources = {
        json,
        ...(accessToken === undefined ? {} : { accessToken }),
        ...(values === undefined ? {} : { values }),
      }
      const id = json === undefined ? null : firstAt(sources, whoAmI.id)
      if (id === null) {
        const hint =
          status === 403
            ? 'The consent lacks a scope that says who the user is.'
            : 'Who the user is was not said.'
        return { kind: 'transient', text: `${hint} ${text}` }
      }
      const tenant = whoAmI.tenantId === undefined ? null : firstAt(sources, whoAmI.tenantId)
      const email = whoAmI.email === undefined ? null : firstAt(sources, whoAmI.email)
      const kept = Object.entries(whoAmI.keeps).flatMap(([name, path]) => {
        const value = textAt(sources, path)
        return value === null ? [] : [[name, value] as const]
      })
      return {
        kind: 'user',
        user: {
          id: (tenant === null ? id : `${id}@${tenant}`).slice(0, 500),
          name: (firstAt(sources, whoAmI.name) ?? id).slice(0, 200),
          ...(email === null ? {} : { email }),
          ...(kept.length === 0 ? {} : { values: Object.fromEntries(kept) }),
        },
      }
    },
    ...(tenants === null
      ? {}
      : {
          tenantsRequest: (region: PlatformRegion, accessToken): OutgoingRequest => ({
            method: 'GET',
            url: addressIn(profile, region, tenants.url),
            headers: { accept: 'application/json', authorization: `Bearer ${accessToken.reveal()}` },
          }),
          processTenantsResponse({ status, body }) {
            const json = status === 200 ? parseBody(body.toString('utf8')) : undefined
            const list = tenants.list === '' ? json : Reflect.get(Object(json), tenants.list)
            if (!Array.isArray(list)) return null
            return list.slice(0, 200).flatMap((each: unknown) => {
              const id = textAt({ json: each }, tenants.id)
              return id === null ? [] : [{ id, name: textAt({ json: each }, tenants.name) ?? id }]
            })
          },
        }),
    revokeRequest(region, client, refreshToken, accessToken) {
      const secret = revoke?.token === 'access' ? accessToken : refreshToken
      if (revoke === null || secret === undefined) return null
      const fields = {
        [revoke.field]: secret.reveal(),
        ...(revoke.body === 'form' && revoke.token === 'refresh' ? { token_type_hint: 'refresh_token' } : {}),
        ...(revoke.auth === 'post'
          ? { client_id: client.clientId, client_secret: client.clientSecret.reveal() }
          : {}),
      }
      const sent = revoke.body === 'none' ? null : encoded(revoke.body, fields)
      return {
        method: revoke.method,
        url: addressIn(profile, region, revoke.url, { token: secret.reveal(), client_id: client.clientId }),
        headers: {
          accept: 'application/json',
          ...(revoke.auth === 'basic' ? { authorization: basic(client) } : {}),
          ...(sent === null ? {} : { 'content-type': sent.type }),
        },
        ...(sent === null ? {} : { body: sent.body }),
      }
    },
  }
}

function tokenRequest(
  profile: OAuthProfile,
  region: PlatformRegion,
  client: OAuthClient,
  grant: TokenGrant,
): OutgoingRequest {
  const { token } = profile
  const fields: Record<string, string> =
    grant.kind === 'code'
      ? {
          grant_type: 'authorization_code',
          code: grant.code.reveal(),
          redirect_uri: client.redirectUri,
          ...(grant.codeVerifier === undefined ? {} : { code_verifier: grant.codeVerifier.reveal() }),
        }
      : {
          grant_type: 'refresh_token',
          refresh_token: grant.refreshToken.reveal(),
          ...(token.redirectUriOnRefresh ? { redirect_uri: client.redirectUri } : {}),
        }
  if (token.auth === 'post') {
    fields.client_id = client.clientId
    fields.client_secret = client.clientSecret.reveal()
  }
  const { type, body } = encoded(token.body, fields)
  return {
    method: 'POST',
    url: addressIn(profile, region, token.url),
    headers: {
      'content-type': type,
      // GitHub answers in form encoding unless asked.
      accept: 'application/json',
      ...(token.auth === 'basic' ? { authorization: basic(client) } : {}),
    },
    body,
  }
}
