import type { Partition } from '@sluis/engine'
import { type OutgoingRequest, SluisError } from '@sluis/shared'
import { z } from 'zod'
import { readPage } from './page.ts'

const accept = { accept: 'application/json' }
const divisionColumns = ['Code', 'Description', 'CustomerName', 'BlockingStatus']

/**
 * The next step of listing the companies that a grant reaches: the user's current company first, because the list is
 * below a company's address, then the list page by page. It holds only what the user and the consent allow.
 */
export function nextDivisionsRequest(baseUrl: string, bodies: readonly Buffer[]): OutgoingRequest | null {
  const [me, ...pages] = bodies
  if (me === undefined) {
    return { method: 'GET', url: `${baseUrl}/api/v1/current/Me?$select=CurrentDivision`, headers: accept }
  }
  const last = pages.at(-1)
  if (last === undefined) {
    const path = `/api/v1/${currentDivision(me)}/system/Divisions`
    return { method: 'GET', url: `${baseUrl}${path}?$select=${divisionColumns.join(',')}`, headers: accept }
  }
  const { next } = readPage(last)
  return next === null ? null : { method: 'GET', url: next, headers: accept }
}

/** The companies of all pages, each once. One that Exact blocks (a restore, a conversion) is not readable. */
export function readDivisions(bodies: readonly Buffer[]): readonly Partition[] {
  const partitions = new Map<string, Partition>()
  for (const page of bodies.slice(1)) {
    for (const division of parseRows(page, divisionShape)) {
      const id = String(division.Code)
      const name =
        [division.Description, division.CustomerName, id].find((text) => text?.trim())?.trim() ?? id
      partitions.set(id, { id, name, isReadable: (division.BlockingStatus ?? 0) === 0 })
    }
  }
  return [...partitions.values()]
}

const divisionShape = z.object({
  Code: z.coerce.number().int().positive(),
  Description: z.string().nullish(),
  CustomerName: z.string().nullish(),
  BlockingStatus: z.coerce.number().nullish(),
})

function currentDivision(me: Buffer): number {
  const [row] = parseRows(me, z.object({ CurrentDivision: z.coerce.number().int().positive() }))
  if (row === undefined) throw unreadable('current/Me answered nobody')
  return row.CurrentDivision
}

function parseRows<T>(page: Buffer, shape: z.ZodType<T>): readonly T[] {
  const { start, end } = readPage(page)
  try {
    const rows: unknown = JSON.parse(page.toString('utf8', start, end))
    return (Array.isArray(rows) ? rows : [rows]).map((row) => shape.parse(row))
  } catch (cause) {
    throw unreadable('the answer has another shape than documented', cause)
  }
}

function unreadable(why: string, cause?: unknown): SluisError {
  return new SluisError('PLATFORM_UNAVAILABLE', `The companies at Exact Online cannot be listed: ${why}.`, {
    hint: 'Ask again later. If it stays so, the service has changed: report this.',
    cause,
  })
}
