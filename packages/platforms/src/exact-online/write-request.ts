import type { ConnectorWrites, RowWrite, WriteAnswer, WriteValue } from '@sluis/engine'
import { type IncomingResponse, must, SluisError } from '@sluis/shared'
import { judgeAnswer } from './answers.ts'
import type { Field, ScalarField } from './endpoint.ts'
import { errorText } from './error-text.ts'
import { writableEntity } from './write-tables.ts'

/** How rows are written to Exact Online. @see Exact support, REST API: POST, PUT, DELETE (read November 2026) */
export const exactOnlineWrites: ConnectorWrites = {
  describe: (table) => writableEntity(table)?.write ?? null,
  request: writeRequest,
  judge: judgeWrite,
  readInserted(table, body) {
    const row = (JSON.parse(body.toString('utf8')) as { d: Record<string, unknown> }).d
    const key = must(writableEntity(table), table.name).endpoint.keys[0]?.name ?? 'ID'
    return { row: JSON.stringify(row), key: typeof row[key] === 'string' ? row[key] : null }
  },
}

function writeRequest(baseUrl: string, { verb, table, partition, key, values }: RowWrite) {
  const { endpoint } = must(writableEntity(table), `a way to write ${table.name}`)
  if (partition === null || !/^\d+$/.test(partition.id))
    throw new TypeError(`${endpoint.name} is written by company, and "${partition?.id}" is no company code`)
  if ((verb === 'insert') !== (key === null) || (key !== null && !/^[0-9a-f-]{36}$/i.test(key)))
    throw new TypeError(`${verb} with the key ${key}`)
  const set = `${baseUrl}${endpoint.path.replace('{division}', partition.id)}`
  const url = key === null ? set : `${set}(guid'${key.toLowerCase()}')`
  const accept = { accept: 'application/json' }
  if (verb === 'delete') return { method: 'DELETE', url, headers: accept }
  const body = Object.fromEntries(
    [...values].map(([name, value]) => [name, toJson(value, must(endpoint.fields.get(name), name))]),
  )
  return {
    method: verb === 'insert' ? 'POST' : 'PUT',
    url,
    headers: {
      ...accept,
      'content-type': 'application/json',
      // Without it the answer of a POST has no value but the key.
      ...(verb === 'insert' ? { prefer: 'return=representation' } : {}),
    },
    body: JSON.stringify(body),
  }
}

function toJson(value: WriteValue, field: Field): unknown {
  if (value === null) return null
  if (field.kind === 'scalar') return scalarJson(value, field)
  if (!Array.isArray(value)) throw new TypeError(`${field.name} is a list of lines`)
  const members = new Map(field.fields?.map((member) => [member.name, member]))
  return (value as readonly Record<string, unknown>[]).map((line) =>
    Object.fromEntries(
      Object.entries(line)
        .filter(([, member]) => member !== null)
        .map(([name, member]) => [name, scalarJson(member, must(members.get(name), name))]),
    ),
  )
}

function scalarJson(value: unknown, { name, edm, padding }: ScalarField): unknown {
  const unfit = () =>
    new SluisError('INVALID_REQUEST', `A value for ${name} is no ${edm.replace('Edm.', '')}.`, {
      hint: 'Cast it in the statement.',
      details: { field: name },
    })
  switch (edm) {
    case 'Edm.Boolean':
      if (typeof value !== 'boolean') throw unfit()
      return value
    case 'Edm.DateTime': {
      const [, day, time = '00:00:00'] =
        /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d:\d\d(?:\.\d{1,3})?)\d*)?$/.exec(String(value)) ?? []
      if (day === undefined) throw unfit()
      return `${day}T${time}`
    }
    case 'Edm.Int64':
      // A 64-bit number is a text in this version of OData.
      if (!/^-?\d+$/.test(String(value))) throw unfit()
      return String(value)
    case 'Edm.Guid':
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(String(value))) throw unfit()
      return String(value).toLowerCase()
    case 'Edm.String':
    case 'Edm.Binary': {
      if (typeof value === 'object') throw unfit()
      const text = String(value)
      return padding?.side === 'left' ? text.trim().padStart(padding.width) : text
    }
    default: {
      const number = typeof value === 'boolean' || value === '' ? Number.NaN : Number(value)
      if (!Number.isFinite(number) || (/Int|Byte/.test(edm) && !Number.isInteger(number))) throw unfit()
      return number
    }
  }
}

/**
 * What an answer says of a write. Refusals by the administration's own rules come as 500 with a message; a 500 without
 * one, or with the service's words for its own trouble, says nothing of what was done.
 */
export function judgeWrite(response: IncomingResponse, receivedAt: number): WriteAnswer {
  const read = judgeAnswer(response, receivedAt)
  switch (read.kind) {
    case 'rows':
      return { kind: 'done' }
    case 'token-refused':
    case 'rate-limited':
    case 'refused':
      return read
    case 'forbidden':
    case 'moved':
      return { kind: 'refused', text: read.text }
    case 'too-much':
      return { kind: 'unknown', text: read.text }
    case 'transient': {
      const text = errorText(response)
      const body = response.body.toString('utf8')
      const isRule =
        response.status === 500 && /"error"\s*:/.test(body) && !/A problem has occurred/.test(body)
      return isRule ? { kind: 'refused', text } : { kind: 'unknown', text }
    }
    default:
      throw read satisfies never
  }
}
