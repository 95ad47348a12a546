export { ApiClient, ApiRefusal } from './api-client.ts'
export { renderTable } from './render-table.ts'
