/** The nonce that the security policy of this page allows style elements by. */
export const cspNonce = (): string =>
  document.querySelector('meta[name="csp-nonce"]')?.getAttribute('content') ?? ''
