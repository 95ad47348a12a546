import { randomBytes } from 'node:crypto'
import { type Sluis, SluisError } from '@sluis/sdk'
import type { OwnTable } from './own-table.ts'
import type { PartnerPlatform } from './platforms.ts'

// The other way to a consent: by the page that Sluis hosts in the partner's name. No token comes to the partner at all.

export interface HostedPageParts {
  readonly own: OwnTable
  readonly sluis: Sluis
  /** The partner's address that customers return to from that page; registered at Sluis. */
  readonly returnAddress: string
}

/** `cancelled`: the customer said no. `stranger`: not begun by this browser, or already used. `refused`: anything else. */
export type HostedOutcome = 'connected' | 'cancelled' | 'stranger' | 'refused'

/** The address of the page for this customer: a fresh link that works once, bound to the session by its state. */
export async function beginOnHostedPage(
  { own, sluis, returnAddress }: HostedPageParts,
  platform: PartnerPlatform,
  cookie: string,
  customer: string,
): Promise<string> {
  const state = own.beginAttempt(cookie, {
    platform: platform.id,
    nonce: randomBytes(16).toString('base64url'),
    sealingKey: '',
  })
  const { url } = await sluis.connectLinks.create({
    platform: platform.id,
    region: platform.region,
    client: platform.connectClient,
    returnAddress,
    returnState: state,
    label: customer,
    validForSeconds: 3600,
  })
  return url
}

/** The customer is back from the page: what Sluis says of the link counts, and not what the address says. */
export async function endOnHostedPage(
  { own, sluis }: HostedPageParts,
  cookie: string,
  customer: string,
  url: URL,
): Promise<{ readonly outcome: HostedOutcome; readonly platform: string }> {
  const state = url.searchParams.get('state') ?? ''
  const attempt = own.takeAttempt(cookie, state)
  if (attempt === null) return { outcome: 'stranger', platform: '' }
  const { platform } = attempt
  try {
    const link = await sluis.connectLinks.returned(url.href, state)
    // Also where whose consent it is will be known later: Sluis goes on by itself.
    if (link.grant !== null) own.keepGrant(customer, platform, link.grant, Date.parse(link.createdAt))
    if (link.state === 'cancelled') return { outcome: 'cancelled', platform }
    return { outcome: link.grant === null ? 'refused' : 'connected', platform }
  } catch (error) {
    if (error instanceof SluisError) return { outcome: 'refused', platform }
    throw error
  }
}
