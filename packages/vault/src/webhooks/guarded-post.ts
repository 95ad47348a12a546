import { lookup as resolve } from 'node:dns'
import http from 'node:http'
import https from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { SluisError } from '@sluis/shared'

/** Ranges that are not the public internet. @see IANA special-purpose address registries (read November 2026) */
const special = new BlockList()
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  special.addSubnet(network, bits, 'ipv4')
}
/** Only global unicast is public, less what embeds another address or is for documentation. */
const globalUnicast = new BlockList()
globalUnicast.addSubnet('2000::', 3, 'ipv6')
for (const [network, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  special.addSubnet(network, bits, 'ipv6')
}

/** Whether an address belongs to the public internet; what is no address does not. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !special.check(address, 'ipv4')
  // An IPv4 address in IPv6's clothes (::ffff:10.0.0.1) is outside global unicast, like ::1, fc00:: and fe80::.
  return family === 6 && globalUnicast.check(address, 'ipv6') && !special.check(address, 'ipv6')
}

export interface WebhookTargets {
  /** Lets webhooks go to private addresses and over plain http: for an operator's own network, and tests. */
  readonly unsafeAllowPrivate: boolean
}

const refused = (message: string) =>
  new SluisError('INVALID_REQUEST', message, {
    hint: 'Give an https address on the public internet; the operator can allow others with SLUIS_UNSAFE_PRIVATE_WEBHOOKS.',
    details: { field: 'url' },
  })

/** The address if a webhook may be sent there as far as its text tells; names are looked up at every delivery. */
export function checkWebhookUrl(text: string, { unsafeAllowPrivate }: WebhookTargets): URL {
  if (!URL.canParse(text)) throw refused('The webhook’s address is not a URL.')
  const url = new URL(text)
  if (url.protocol !== 'https:' && !(unsafeAllowPrivate && url.protocol === 'http:')) {
    throw refused('The webhook’s address is not https.')
  }
  if (url.username !== '' || url.password !== '') throw refused('The webhook’s address holds a password.')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (!unsafeAllowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) {
    throw refused('The webhook’s address is not on the public internet.')
  }
  return url
}

/** Resolves a name, and fails if any of its addresses is not public: the socket connects to what was checked. */
const publicLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '', 0)
    const [first] = addresses
    if (!first || addresses.some(({ address }) => !isPublicAddress(address))) {
      return callback(new Error('the name leads to an address that is not public'), '', 0)
    }
    // Both forms of the contract of `lookup`: Node asks for all addresses when it may try several.
    if (options.all) return callback(null, addresses)
    return callback(null, first.address, first.family)
  })
}

/**
 * Posts once to an address that may be anybody's: refuses what is not public, connects to the very address that was
 * checked, follows no redirect, reads no answer. Gives the status; rejects when there is none in time.
 */
export async function guardedPost(
  text: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  options: WebhookTargets & { readonly timeoutMs: number },
): Promise<number> {
  const url = checkWebhookUrl(text, options)
  const { request } = url.protocol === 'https:' ? https : http
  return new Promise((done, fail) => {
    const outgoing = request(
      url,
      {
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        signal: AbortSignal.timeout(options.timeoutMs),
        // A connection of its own: one that was kept could lead to an address that was good only then.
        agent: false,
        ...(options.unsafeAllowPrivate ? {} : { lookup: publicLookup }),
      },
      (answer) => {
        answer.on('error', () => {})
        answer.destroy()
        done(answer.statusCode ?? 0)
      },
    )
    outgoing.on('error', fail)
    outgoing.end(body)
  })
}
