export { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts'
export { lockFolder } from './folder-lock.ts'
export { type Migration, migrate, readMigrations } from './migrations.ts'
export { openStore, type Store, type StoreIdentity, type StoreOptions } from './store.ts'
