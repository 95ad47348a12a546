export { type EmbeddedPostgres, startEmbeddedPostgres } from '../embedded-postgres.ts'
export { connectStore, type Store } from '../store.ts'
export { openTestStore, startTestServer } from './test-store.ts'
