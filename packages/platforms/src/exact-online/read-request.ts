import type { Partition } from '@sluis/engine'
import type { OutgoingRequest } from '@sluis/shared'
import type { Endpoint } from './endpoint.ts'

/** What a read says in its address, before encoding. */
export interface ReadQuery {
  readonly filter: string
  readonly select: readonly string[]
  readonly expand: readonly string[]
  readonly orderBy: string
  readonly top: number | null
}

/** Exact refuses longer addresses. @see Exact support, "API limits" (read November 2026) */
export const maxUrlLength = 6000

/** Room for `&$skiptoken=guid'…'` in a next link, escaped. */
export const skipTokenLength = 80

/** The request for the first page of a read. */
export function readRequest(
  baseUrl: string,
  endpoint: Endpoint,
  partition: Partition | null,
  query: ReadQuery,
): OutgoingRequest {
  return {
    method: 'GET',
    url: `${endpointUrl(baseUrl, endpoint, partition)}?${queryText(query)}`,
    headers: { accept: 'application/json' },
  }
}

/** The request for the number of rows that a filter takes. Without `Accept`: the answer is bare text. */
export function countRequest(
  baseUrl: string,
  endpoint: Endpoint,
  partition: Partition | null,
  filter: string,
): OutgoingRequest {
  const query = filter === '' ? '' : `?$filter=${encodeOption(filter)}`
  return { method: 'GET', url: `${endpointUrl(baseUrl, endpoint, partition)}/$count${query}`, headers: {} }
}

/**
 * Length of the address of a read, with room for a company code. A read of several pages comes back as a next link,
 * whose maker may escape what we need not, and which names the last key.
 */
export function urlLength(baseUrl: string, endpoint: Endpoint, query: ReadQuery, isPaged: boolean): number {
  const company = 10
  const { select, expand } = query
  const extra = isPaged
    ? skipTokenLength + 2 * (select.length + expand.length) + 2 * query.orderBy.split(' ').length
    : 0
  return baseUrl.length + endpoint.path.length + company + queryText(query).length + extra
}

/** Length of an option's value in an address, or at most in the next link that repeats it. */
export function optionLength(text: string, isPaged: boolean): number {
  return isPaged ? encodeURIComponent(text).replaceAll("'", '%27').length : encodeOption(text).length
}

export function endpointUrl(baseUrl: string, endpoint: Endpoint, partition: Partition | null): string {
  if (!endpoint.isDivided) return `${baseUrl}${endpoint.path}`
  if (partition === null || !/^\d+$/.test(partition.id)) {
    throw new TypeError(`${endpoint.name} is read by company, and "${partition?.id}" is no company code.`)
  }
  return `${baseUrl}${endpoint.path.replace('{division}', partition.id)}`
}

function queryText({ filter, select, expand, orderBy, top }: ReadQuery): string {
  const options = [
    filter === '' ? '' : `$filter=${encodeOption(filter)}`,
    select.length === 0 ? '' : `$select=${select.join(',')}`,
    expand.length === 0 ? '' : `$expand=${expand.join(',')}`,
    orderBy === '' ? '' : `$orderby=${encodeOption(orderBy)}`,
    top === null ? '' : `$top=${top}`,
  ]
  return options.filter((option) => option !== '').join('&')
}

/** An option's value as it travels: `+` for blanks, which Exact takes and which saves two characters each. */
export function encodeOption(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%20', '+')
    .replaceAll('%2C', ',')
    .replaceAll('%3A', ':')
    .replaceAll("'", '%27')
}
