import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { OrganisationId } from '@sluis/shared'
import type { PageSealer } from './page-sealer.ts'

/** Whose pages a file holds, and of which request: bound into each page's seal. */
export interface ChainOwner {
  readonly organisationId: OrganisationId
  readonly grant: string
  /** `chainKey` of the first request. */
  readonly chain: string
}

/** A page as it came, with when that was and which request it answers. */
export interface KeptPage {
  readonly request: string
  readonly at: number
  readonly body: Buffer
}

/**
 * Pages of one request, one after the other, each sealed by itself: `length, sealed(length of head, head, body)`. What
 * a crash left half written does not open, so reading ends before it.
 */
export class ChainFile {
  readonly #file: FileHandle
  readonly #owner: ChainOwner
  readonly #sealer: PageSealer
  #at = 0
  #page = 0

  private constructor(file: FileHandle, owner: ChainOwner, sealer: PageSealer) {
    this.#file = file
    this.#owner = owner
    this.#sealer = sealer
  }

  /** `read` one that is there, null where there is none; `write` an empty one or on top of one's own. */
  static async open(
    path: string,
    mode: 'read' | 'write',
    owner: ChainOwner,
    sealer: PageSealer,
  ): Promise<ChainFile | null> {
    try {
      if (mode === 'write') await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      return new ChainFile(await open(path, mode === 'read' ? 'r' : 'a+', 0o600), owner, sealer)
    } catch (error) {
      if (mode === 'read' && (error as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw error
    }
  }

  /** Bytes of the pages that were read or written. */
  get bytes(): number {
    return this.#at
  }

  get pages(): number {
    return this.#page
  }

  /** The next page; null at the end, and where what follows does not open. */
  async next(): Promise<KeptPage | null> {
    const length = Buffer.alloc(4)
    if ((await this.#file.read(length, 0, 4, this.#at)).bytesRead < 4) return null
    const sealed = Buffer.alloc(length.readUInt32BE())
    if ((await this.#file.read(sealed, 0, sealed.length, this.#at + 4)).bytesRead < sealed.length) return null
    const { organisationId, ...place } = this.#owner
    const plain = await this.#sealer
      .unseal(organisationId, { ...place, page: this.#page }, sealed)
      .catch(() => null)
    if (plain === null) return null
    const end = 4 + plain.readUInt32BE()
    const { request, at } = JSON.parse(plain.toString('utf8', 4, end)) as { request: string; at: number }
    this.#at += 4 + sealed.length
    this.#page++
    return { request, at, body: plain.subarray(end) }
  }

  /** Adds a page behind those that were read; what stood there and did not open goes. */
  async append({ request, at, body }: KeptPage): Promise<void> {
    const head = Buffer.from(JSON.stringify({ request, at }))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(head.length)
    const { organisationId, ...place } = this.#owner
    // Sealed before anything waits: whoever reads the page next may change its bytes in place.
    const plain = Buffer.concat([length, head, body])
    const sealed = await this.#sealer.seal(organisationId, { ...place, page: this.#page }, plain)
    const size = Buffer.alloc(4)
    size.writeUInt32BE(sealed.length)
    await this.#file.truncate(this.#at)
    await this.#file.appendFile(Buffer.concat([size, sealed]))
    this.#at += 4 + sealed.length
    this.#page++
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}
