/** The `Reason` header of a 403. @see wire.md § 3.6 */
export const blockReasons = [
  'BlockedUser',
  'InactiveUser',
  'BlockedCustomer',
  'LicenseExpired',
  'DivisionBlocked',
  'NoDivisionAccess',
] as const
export type BlockReason = (typeof blockReasons)[number]

interface Block {
  readonly reason: BlockReason
  readonly user: string | null
  readonly division: number | null
}

/** Who is shut out of what, as an administrator of the emulated customer would arrange it. */
export class AccessRules {
  #blocks: Block[] = []
  readonly #withheld = new Set<string>()
  readonly #unlicensed = new Set<string>()

  block(reason: BlockReason, user: string | null, division: number | null): void {
    this.#blocks.push({ reason, user: user?.toLowerCase() ?? null, division })
  }

  unblock(): void {
    this.#blocks = []
  }

  /** Why a user gets no answer from a company; null where nothing stands in the way. */
  reasonFor(user: string, division: number | null): BlockReason | null {
    const found = this.#blocks.find(
      (block) =>
        (block.user === null || block.user === user.toLowerCase()) &&
        (block.division === null || block.division === division),
    )
    return found?.reason ?? null
  }

  /** Takes from a user, or gives back, the right to do something with an endpoint. */
  setRight(user: string, endpoint: string, action: string, isAllowed: boolean): void {
    const key = rightKey(user, endpoint, action)
    if (isAllowed) this.#withheld.delete(key)
    else this.#withheld.add(key)
  }

  hasRight(user: string, endpoint: string, action: string): boolean {
    return !this.#withheld.has(rightKey(user, endpoint, action))
  }

  /** Takes a module, `logistics`, or one endpoint of it from the licence of a company, or of all where that is null. */
  setLicence(module: string, division: number | null, isLicensed: boolean): void {
    const key = `${division} ${module.toLowerCase()}`
    if (isLicensed) this.#unlicensed.delete(key)
    else this.#unlicensed.add(key)
  }

  /** Whether the licence has the endpoint, in whatever form it is read. */
  isLicensed(route: string, division: number | null): boolean {
    const path = route.toLowerCase().replace(/^(beta\/)?(bulk|sync|read)\//, '')
    return [path, path.split('/')[0]].every((module) =>
      [null, division].every((of) => !this.#unlicensed.has(`${of} ${module}`)),
    )
  }

  reset(): void {
    this.#unlicensed.clear()
    this.#blocks = []
    this.#withheld.clear()
  }
}

const rightKey = (user: string, endpoint: string, action: string) =>
  `${user} ${endpoint} ${action}`.toLowerCase()
