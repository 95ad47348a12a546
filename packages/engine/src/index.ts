export type {
  CallEstimate,
  ChosenRead,
  Connector,
  Judgement,
  LimitReading,
  PageRows,
  ReadAnswer,
  ReadOffer,
  ReadWish,
} from './catalog/connector.ts'
export type { Comparison, Predicate, SqlValue } from './catalog/predicate.ts'
export type { QueryablePlatform } from './catalog/queryable-platforms.ts'
export type { KeyTransfer, Scan, SortKey } from './catalog/scan.ts'
export type {
  FunctionArgument,
  FunctionParameter,
  LineCollection,
  Partition,
  PlatformTable,
  ScalarType,
  TableColumn,
} from './catalog/table.ts'
export type {
  ColumnWrite,
  ConnectorWrites,
  RowWrite,
  TableWrite,
  WriteAnswer,
  WriteValue,
  WriteVerb,
} from './catalog/table-write.ts'
export { createEngine, type EngineOptions } from './create-engine.ts'
export type {
  CatalogueTable,
  Database,
  DatabaseSettings,
  DatabaseSource,
  Engine,
  Explanation,
  LimitsOf,
  OpenSession,
  QueryRequest,
  QueryStats,
  ResultFormat,
  ScanStats,
  SourceBudget,
  SourceSession,
  StatementPage,
  StatementRecord,
  StatementRun,
  WrittenStatement,
} from './engine.ts'
export { type FreshnessWish, longestMaxAgeSeconds, parseCacheControl } from './keep/freshness.ts'
export type { PagePlace, PageSealer } from './keep/page-sealer.ts'
export type { CacheUse } from './keep/statement-pages.ts'
export type { ResultColumn, StatementClass, StatementPlan } from './plan/statement-plan.ts'
