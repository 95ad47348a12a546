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

  reset(): void {
    this.#blocks = []
    this.#withheld.clear()
  }
}

const rightKey = (user: string, endpoint: string, action: string) =>
  `${user} ${endpoint} ${action}`.toLowerCase()
