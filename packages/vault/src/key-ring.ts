import { createHmac } from 'node:crypto'
import { type Clock, type RandomBytes, SluisError } from '@sluis/shared'
import type { Store } from '@sluis/store'
import type { KeyEncryptionKey } from './kek.ts'
import { type SealContext, seal, sealedKeyId, unseal } from './seal.ts'

interface DataKey {
  readonly id: string
  readonly bytes: Buffer
}

/** The installation's own keys are kept under this name in place of an organisation's. */
const installation = ''

/** Data keys, one current per organisation, each sealed under the key-encryption key; opened keys stay in memory. */
export class KeyRing {
  readonly #store: Store
  readonly #kek: KeyEncryptionKey
  readonly #clock: Clock
  readonly #random: RandomBytes
  readonly #byId = new Map<string, DataKey>()
  readonly #current = new Map<string, DataKey>()

  constructor(store: Store, kek: KeyEncryptionKey, clock: Clock, random: RandomBytes) {
    this.#store = store
    this.#kek = kek
    this.#clock = clock
    this.#random = random
  }

  /** Proves at start that the key-encryption key is the one that this database was sealed with. */
  async check(): Promise<void> {
    await this.#keyFor(installation, 'fingerprint')
  }

  async seal(plain: string | Buffer, context: SealContext): Promise<Buffer> {
    const key = await this.#keyFor(context.organisation, 'data')
    return seal(key.bytes, key.id, Buffer.from(plain), context, this.#random)
  }

  async unseal(blob: Buffer, context: SealContext): Promise<Buffer> {
    return unseal((await this.#keyById(sealedKeyId(blob))).bytes, blob, context)
  }

  /** A keyed hash that recognises a value without keeping it; the same for all organisations. */
  async fingerprint(text: string): Promise<Buffer> {
    const { bytes } = await this.#keyFor(installation, 'fingerprint')
    return createHmac('sha256', bytes).update(text).digest()
  }

  async #keyFor(organisation: string, purpose: string): Promise<DataKey> {
    const name = `${organisation} ${purpose}`
    const known = this.#current.get(name)
    if (known) return known
    const id = Buffer.from(this.#random(8)).toString('hex')
    const bytes = Buffer.from(this.#random(32))
    const sealed = seal(
      this.#kek.bytes,
      this.#kek.id,
      bytes,
      keyContext(organisation, id, purpose),
      this.#random,
    )
    // Of several processes that need a first key at once, one inserts and all read the same.
    await this.#store.pool.query(
      `INSERT INTO vault_key (id, organisation_id, purpose, kek_id, sealed, is_current, created_at)
       VALUES ($1, $2, $3, $4, $5, true, $6) ON CONFLICT (organisation_id, purpose) WHERE is_current DO NOTHING`,
      [id, organisation, purpose, this.#kek.id, sealed, this.#clock.now()],
    )
    const { rows } = await this.#store.pool.query<{ id: string }>(
      'SELECT id FROM vault_key WHERE organisation_id = $1 AND purpose = $2 AND is_current',
      [organisation, purpose],
    )
    const key = await this.#keyById(rows[0]?.id ?? '')
    this.#current.set(name, key)
    return key
  }

  async #keyById(id: string): Promise<DataKey> {
    const known = this.#byId.get(id)
    if (known) return known
    const { rows } = await this.#store.pool.query<{
      organisation_id: string
      purpose: string
      kek_id: string
      sealed: Buffer
    }>('SELECT organisation_id, purpose, kek_id, sealed FROM vault_key WHERE id = $1', [id])
    const [row] = rows
    if (!row) throw new SluisError('KEY_UNUSABLE', 'The key of a sealed value is gone from the database.')
    if (row.kek_id !== this.#kek.id) {
      throw new SluisError(
        'KEY_UNUSABLE',
        'The key file is not the one that this database was sealed with.',
        {
          hint: 'Restore the original key file (SLUIS_KEK_FILE). Nothing is lost as long as it exists.',
        },
      )
    }
    const bytes = unseal(this.#kek.bytes, row.sealed, keyContext(row.organisation_id, id, row.purpose))
    const key = { id, bytes }
    this.#byId.set(id, key)
    return key
  }
}

const keyContext = (organisation: string, id: string, purpose: string): SealContext => ({
  organisation,
  grant: id,
  field: `key:${purpose}`,
  chain: 0,
  generation: 0,
})
