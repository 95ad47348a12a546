export {
  type CatalogueEntry,
  type CatalogueProperty,
  exactOnlineCatalogue,
} from './exact-online-catalogue.ts'
