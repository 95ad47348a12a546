import type { OrganisationId } from '@sluis/shared'

/** Seals what lies on a disk for longer than a statement runs, under the key of its organisation. */
export interface PageSealer {
  seal(organisationId: OrganisationId, place: PagePlace, plain: Buffer): Promise<Buffer>
  /** @throws where the bytes were changed, moved to another place or sealed with a key that is gone */
  unseal(organisationId: OrganisationId, place: PagePlace, sealed: Buffer): Promise<Buffer>
}

/** Where a sealed page belongs: moved elsewhere it does not open. */
export interface PagePlace {
  readonly grant: string
  readonly chain: string
  readonly page: number
}
