// The door of db-config.

export { memoryStore } from './store/memory-store.ts'
export { openStore } from './store/sqlite-store.ts'
export type { Store } from './store/store.ts'
