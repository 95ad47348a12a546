export {
  type CatalogueEntry,
  type CatalogueProperty,
  exactOnlineCatalogue,
} from './exact-online-catalogue.ts'
export { type OAuthMatrixEntry, oauthMatrix } from './oauth-matrix.ts'
export { type BrowseCode, type BrowseColumn, twinfieldBrowseCodes } from './twinfield-browse-codes.ts'
