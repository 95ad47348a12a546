/** The one region of a platform that has no others. */
export const whole = (label: string) => [{ id: 'global', label }]

// Gaps that several platforms have.
export const noRevoke = {
  what: 'revocation',
  reason: 'the platform documents no endpoint that ends one grant',
}
export const unknownPkce = {
  what: 'PKCE',
  reason: 'no first-hand statement that the platform takes it: not sent',
}
export const noIdToken = {
  what: 'an answer without an ID token',
  reason:
    'no first-hand statement that one comes: without one the nonce proves nothing, and the answer is taken; one that comes must carry it',
}
export const isCompany = {
  what: 'the user',
  reason:
    'the platform tells the company and not the user: two users’ consents for the same company are one grant',
}
