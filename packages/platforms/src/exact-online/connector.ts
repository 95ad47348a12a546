import type { Connector } from '@sluis/engine'
import { judgeAnswer, readLimitHeaders } from './answers.ts'
import { servedFunctions } from './functions.ts'
import { negotiateRead } from './negotiate.ts'
import { readCount, readPage } from './page.ts'
import { nextDivisionsRequest, readDivisions } from './partitions.ts'
import { servedTables } from './tables.ts'
import { exactOnlineWrites } from './write-request.ts'

/**
 * Exact Online as the engine sees it: its tables, how conditions become requests, how pages and limits are read.
 * @see https://start.exactonline.nl/docs/HlpRestAPIResources.aspx (read November 2026)
 */
export function exactOnlineConnector(): Connector {
  return {
    platform: 'exact-online',
    tables: [...servedTables(), ...servedFunctions()].map(({ table }) => table),
    negotiate: negotiateRead,
    judge: judgeAnswer,
    readLimits: readLimitHeaders,
    readPage,
    readCount,
    // Limits count by app and company; an address without company is free.
    budgetKey: ({ url }) => /\/api\/v1\/(?:beta\/)?(\d+)\//.exec(url)?.[1] ?? null,
    // Ten errors an hour by app, user, company and endpoint block the app. The administration's own rules (500) do not count.
    errorLimit: {
      perHour: 10,
      endpoint: ({ url }) =>
        /\/api\/v1\/((?:beta\/)?)\d+\/([^?(]+?)(?:\/\$count)?(?:[?(]|$)/.exec(url)?.slice(1, 3).join('') ??
        null,
      isCounted: (status) => [400, 401, 403, 404].includes(status),
    },
    defaultLimits: [
      { window: 'minute', limit: 60 },
      { window: 'day', limit: 5000 },
    ],
    nextPartitionsRequest: nextDivisionsRequest,
    readPartitions: readDivisions,
    writes: exactOnlineWrites,
  }
}
