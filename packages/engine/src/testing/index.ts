export { corpus } from './corpus/corpus.ts'
export {
  type CorpusStatement,
  type CorpusValues,
  describeScan,
  madeUpValues,
} from './corpus/corpus-statement.ts'
export { corpusTables } from './corpus/corpus-tables.ts'
