export { openTestStore, startTestServer } from './test-store.ts'
