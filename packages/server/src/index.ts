export { createLog, createLogTo } from './create-log.ts'
export { readServerOptions, type ServerOptions } from './server-options.ts'
export { type RunningServer, startServer } from './start-server.ts'
export { createSend } from './undici-send.ts'
