export {
  type CatalogueEntry,
  type CatalogueProperty,
  exactOnlineCatalogue,
} from './exact-online-catalogue.ts'
export { type OAuthMatrixEntry, oauthMatrix } from './oauth-matrix.ts'
