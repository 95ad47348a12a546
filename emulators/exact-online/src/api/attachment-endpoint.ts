import type { Dataset } from '../data/dataset.ts'
import type { EntitySet } from '../data/entity-set.ts'

export interface Download {
  readonly name: string
  readonly bytes: Buffer
}

/**
 * The file behind `/docs/SysAttachment.aspx?ID=…`: what a client wrote as base64, or what was generated for an
 * attachment. Null where the id leads nowhere.
 * @see wire.md § 3.3, Binary
 */
export function findAttachment(
  id: string,
  property: string | null,
  dataset: Dataset,
): (Download & { readonly division: number; readonly set: EntitySet }) | null {
  const found = dataset.rowOfGuid(id.replace(/^\{|\}$/g, '').toLowerCase())
  if (!found) return null
  const { set, division, index } = found
  const binary = [...set.properties.values()].find(
    ({ name, type }) => type === 'Edm.Binary' && (property === null || name === property),
  )
  const content = binary?.value(division, index)
  if (typeof content !== 'string') return null
  const name = set.properties.get('FileName') ?? set.properties.get('PictureName')
  return {
    set,
    division,
    name: String(name?.value(division, index) ?? binary?.name),
    bytes: Buffer.from(content, 'base64'),
  }
}
