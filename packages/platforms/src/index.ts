export { exactOnlineConnector } from './exact-online/connector.ts'
export { exactOnlineOAuth } from './exact-online/oauth.ts'
export { exactOnlineRegions } from './exact-online/regions.ts'
export { regionsFromFile } from './regions-file.ts'
