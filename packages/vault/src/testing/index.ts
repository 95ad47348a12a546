export { fetchSend } from './fetch-send.ts'
export { canary, type TokenPair } from './issuer/ledger-issuer.ts'
export { IssuerProcess } from './issuer/start-issuer.ts'
