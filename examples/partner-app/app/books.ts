import { type QueryAnswer, type Sluis, SluisError } from '@sluis/sdk'
import type { Connection, OwnTable } from './own-table.ts'
import type { PartnerPlatform } from './platforms.ts'

export interface BooksParts {
  readonly own: OwnTable
  readonly sluis: Sluis
  readonly redirectUri: (platform: PartnerPlatform) => string
}

/** `lapsed`: the customer must consent again. `later`: nothing is lost; the same again in a moment. */
export type Books =
  | { readonly kind: 'invoices'; readonly answer: QueryAnswer }
  | { readonly kind: 'lapsed' }
  | { readonly kind: 'later'; readonly why: string }

/** These say that the consent is over, however often one asks. */
const endings = new Set(['HANDOVER_TOKEN_EXPIRED', 'HANDOVER_TOKEN_ALREADY_SPENT', 'GRANT_NEEDS_CONSENT'])

const heldAlready = new Set(['HANDOVER_TOKEN_ALREADY_HELD', 'HANDOVER_OLDER_THAN_HELD'])

/**
 * The customer's open invoices. Whatever is still missing is made on the way: the first time, days after the consent,
 * the tokens are handed over and the database is registered.
 */
export async function openInvoices(
  parts: BooksParts,
  platform: PartnerPlatform,
  connection: Connection,
): Promise<Books> {
  const { own, sluis } = parts
  const { customer } = connection
  try {
    const grant =
      connection.envelope === null ? connection.grant : await handOver(parts, platform, connection)
    if (grant === null) return { kind: 'later', why: 'The platform has not said yet whose tokens these are.' }
    const name = `${customer}-${platform.id}`
    await register(sluis, name, grant)
    return { kind: 'invoices', answer: await sluis.queryAll(name, platform.openInvoices) }
  } catch (error) {
    if (!(error instanceof SluisError)) throw error
    if (!endings.has(error.code)) return { kind: 'later', why: error.message }
    own.noteLapsed(customer, platform.id)
    return { kind: 'lapsed' }
  }
}

/** The database of this name on this grant, whatever was there before. */
async function register(sluis: Sluis, name: string, grant: string): Promise<void> {
  const create = () => sluis.databases.create({ name, sources: [{ grant }] })
  try {
    await create()
  } catch (error) {
    if (!(error instanceof SluisError) || error.code !== 'DATABASE_NAME_TAKEN') throw error
    const { sources } = await sluis.databases.get(name)
    if (sources[0]?.grant === grant) return
    // Another user consented this time: what that user may see is another grant's.
    await sluis.databases.delete(name)
    await create()
  }
}

/**
 * The grant's id, and from here on Sluis keeps the tokens alive. Null while the platform has not answered yet: Sluis goes
 * on by itself, and the same request tells later what came of it.
 */
async function handOver(
  { own, sluis, redirectUri }: BooksParts,
  platform: PartnerPlatform,
  { customer, envelope, idempotencyKey }: Connection,
): Promise<string | null> {
  const { clientId, clientSecret } = platform
  const { grant, outcome } = await sluis.grants
    .handOver(
      {
        platform: platform.id,
        region: platform.region,
        client: { clientId, clientSecret, redirectUri: redirectUri(platform) },
        credentials: { kind: 'sealed', jwe: envelope ?? '' },
        label: customer,
      },
      { idempotencyKey },
    )
    .catch((error: unknown) => {
      // Handed over before, by another way: Sluis has these tokens or newer ones, and names the grant.
      const isHeld = error instanceof SluisError && heldAlready.has(error.code)
      if (isHeld && typeof error.details.grant === 'string')
        return { grant: { id: error.details.grant }, outcome: 'existing' as const }
      throw error
    })
  if (outcome === 'open') return null
  own.noteGrant(customer, platform.id, grant.id)
  return grant.id
}
