import { randomBytes } from 'node:crypto'

/** Randomness as an argument: `size` unpredictable bytes. */
export type RandomBytes = (size: number) => Uint8Array

/** The operating system's generator; the only one that may make ids, keys and nonces in production. */
export const systemRandom: RandomBytes = (size) => randomBytes(size)
