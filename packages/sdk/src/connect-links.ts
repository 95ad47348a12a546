import type { ApiCaller } from './api-caller.ts'
import type { Body, ConnectLink, MadeConnectLink } from './api-types.ts'
import { type Idempotent, once } from './idempotent.ts'
import { SluisError } from './sluis-error.ts'

export type NewConnectLink = Body<'POST /connect-links'>

/** Links that customers of yours connect an account through, on a page with your name and logo. */
export interface ConnectLinks {
  /** `url` is for the customer, and given this once. */
  create(link: NewConnectLink, options?: Idempotent): Promise<MadeConnectLink>
  get(id: string): Promise<ConnectLink>
  /** The newest, of all customers or of one. */
  list(of?: { readonly externalId?: string }): Promise<readonly ConnectLink[]>
  /** Nobody goes on with it; what came of it stays. */
  revoke(id: string): Promise<void>
  /**
   * What became of the link that a browser is back from, as Sluis tells it and not as the address does. `returnState` is
   * what you keep in your own user's session: another one means that somebody else was sent, `CONNECT_STATE_MISMATCH`.
   */
  returned(url: string, returnState: string): Promise<ConnectLink>
}

export function createConnectLinks({ ask }: ApiCaller): ConnectLinks {
  const get = (id: string) => ask('GET /connect-links/{id}', { path: { id } })
  return {
    create: (body, idempotent) => ask('POST /connect-links', { body, ...once(idempotent) }),
    get,
    list: async (query = {}) => (await ask('GET /connect-links', { query })).links,
    revoke: (id) => ask('DELETE /connect-links/{id}', { path: { id } }),
    async returned(url, returnState) {
      const told = new URL(url).searchParams
      const id = told.get('link')
      const link = id !== null && told.get('state') === returnState ? await get(id) : null
      if (link?.returnState === returnState) return link
      throw new SluisError(
        'CONNECT_STATE_MISMATCH',
        'This return belongs to another link than the one that was made for this session.',
        { hint: 'Take nothing over from it; make a link for the user who is here.' },
      )
    },
  }
}
