import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

export interface TokenClaims {
  readonly kind: 'code' | 'access' | 'refresh'
  readonly clientId: string
  readonly user: string
  /** Number of the chain: each consent starts a new one. */
  readonly chain: number
  readonly generation: number
  readonly issuedAt: number
  readonly redirectUri?: string
}

/**
 * Tokens of Exact Online's length and look that carry their own claims, signed: the emulator remembers chains, not
 * tokens. Access tokens start with `gAAAA`; refresh tokens and codes have `!` after four characters. Codes are longer
 * than 900 characters, as those that somebody's column was too short for.
 * @see Exact support, OAuth steps 2–4: samples
 */
export class TokenCodec {
  readonly #secret: Buffer

  constructor(secret: string) {
    this.#secret = createHash('sha256').update(secret).digest()
  }

  encode(claims: TokenClaims, stamp: string): string {
    const body = Buffer.from(JSON.stringify(claims)).toString('base64url')
    const seal = createHmac('sha256', this.#secret).update(body)
    const signature = seal.digest('base64url')
    let filler = ''
    const length = claims.kind === 'code' ? 900 : 700
    for (let round = 0; body.length + filler.length < length; round++) {
      filler += createHmac('sha256', this.#secret).update(`${signature}${round}`).digest('base64url')
    }
    const text = `IAAAA${signature}.${body}.${filler}`
    if (claims.kind === 'access') return `${stamp}gAAAA${text}`
    return `${stamp}${signature.slice(0, 4).replace(/[-_]/g, 'x')}!${text}`
  }

  /** Null for a text that this emulator did not make. */
  decode(token: string): TokenClaims | null {
    const text = /^(?:stamp[A-Z]{2}\d{3}\.)?(?:gAAAA|[^!]{4}!)IAAAA(.+)$/.exec(token)?.[1]
    const [signature, body] = text?.split('.') ?? []
    if (!signature || !body) return null
    const expected = createHmac('sha256', this.#secret).update(body).digest()
    const given = Buffer.from(signature, 'base64url')
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null
    try {
      return JSON.parse(Buffer.from(body, 'base64url').toString()) as TokenClaims
    } catch {
      return null
    }
  }
}

/** A short name for a token that gives nothing away: what the ledger shows. */
export function tokenId(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 12)
}
