import type { LogInLibrary } from './log-in-library.ts'
import { type LogInParts, refusedPage } from './log-in-parts.ts'
import { assertIssuer, type SingleSignOn } from './openid-provider.ts'

export const singleSignOnCalls = ['POST /sign-in/social', 'GET /callback/sso'] as const

/**
 * Log-in through the operator's OpenID provider. It has a library of its own beside the one for passwords: that one never
 * waits for a provider which does not answer.
 */
export function createSingleSignOn(parts: LogInParts, config: SingleSignOn) {
  let library: LogInLibrary | undefined
  const open = async (): Promise<LogInLibrary> => {
    if (library) return library
    await assertIssuer(config.issuer)
    const { openLogInLibrary } = await import('./log-in-library.ts')
    library ??= openLogInLibrary(parts, config)
    return library
  }
  const refusedUrl = refusedPage(parts.publicUrl)

  /** Answers one of `singleSignOnCalls`. */
  return async (request: Request): Promise<Response> => {
    const isBegun = request.method === 'POST'
    let opened: LogInLibrary
    try {
      opened = await open()
    } catch (error) {
      parts.log.warn({ error: String(error).slice(0, 300) }, 'the OpenID provider cannot be used')
      if (!isBegun) return Response.redirect(`${refusedUrl}?error=unreachable`)
      return Response.json(
        { code: 'SINGLE_SIGN_ON_UNREACHABLE', message: 'The provider of log-in does not answer.' },
        { status: 502 },
      )
    }
    return opened.handler(isBegun ? await beginning(request) : request)
  }
}

/**
 * The library's call takes much that is not for callers to say, such as an ID token without its nonce, or other scopes.
 * Where to go afterwards is all that is taken over, and only within the web application.
 */
async function beginning(request: Request): Promise<Request> {
  const asked = (await request.json().catch(() => null)) as { readonly callbackURL?: unknown } | null
  const wanted = asked?.callbackURL
  const callbackURL = typeof wanted === 'string' && /^\/app\/[\w/?=&.%-]*$/.test(wanted) ? wanted : '/app/'
  return new Request(request, {
    body: JSON.stringify({ provider: 'sso', callbackURL, disableRedirect: true }),
  })
}
