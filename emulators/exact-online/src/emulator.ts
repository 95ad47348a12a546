import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type Controls,
  EmulatedClock,
  Faults,
  Journal,
  Ledger,
  listen,
  serveControl,
} from '@sluis/emulator-shared'
import { AccessRules } from './api/access-rules.ts'
import { Limits } from './api/limits.ts'
import { serveApi } from './api/serve-api.ts'
import { serveAttachment } from './api/serve-attachment.ts'
import { exactOnlineControls } from './control.ts'
import { Dataset } from './data/dataset.ts'
import { WrittenRows } from './data/written-rows.ts'
import type { EmulatorState } from './emulator-state.ts'
import { Issuer } from './oauth/issuer.ts'
import { LogIns } from './oauth/log-ins.ts'
import { serveAuthorize, serveToken } from './oauth/serve-oauth.ts'
import { Settings } from './settings.ts'
import { Webhooks } from './webhooks/webhooks.ts'

export interface ExactOnlineEmulatorOptions {
  /** 0 takes a free one. */
  readonly port?: number
  readonly host?: string
  readonly seed?: number
  readonly divisions?: number
  /** Rows per table, as a factor. */
  readonly scale?: number
  /** Folder that keeps apps, chains, clock and ledger over restarts. */
  readonly home?: string
  /** The time that the emulator's own clock starts from; the machine's unless told. */
  readonly now?: () => number
}

export interface ExactOnlineEmulator {
  /** `http://127.0.0.1:4010`: base of log-in, token endpoint, API and `/_control`. */
  readonly url: string
  close(): Promise<void>
}

/** Starts an imitation of Exact Online: log-in and consent, token endpoint, REST API with generated companies. */
export async function startExactOnlineEmulator(
  options: ExactOnlineEmulatorOptions = {},
): Promise<ExactOnlineEmulator> {
  const { port = 0, host = '127.0.0.1', seed = 1, divisions = 3, scale = 1, home } = options
  const clock = new EmulatedClock(options.now)
  const issuerJournal = new Journal(home, 'issuer')
  const settings = new Settings(new Journal(home, 'settings'), {
    data: { seed, divisions, scale },
    collation: 'sql-server',
  })
  const { data, collation } = settings.current
  const issuer = new Issuer(clock, issuerJournal)
  const ledger: EmulatorState['ledger'] = new Ledger(new Journal(home, 'ledger'))
  const state: EmulatorState = {
    clock,
    settings,
    issuer,
    ledger,
    logIns: new LogIns(),
    webhooks: new Webhooks(clock, issuer, ledger, new Journal(home, 'webhooks')),
    limits: new Limits(),
    access: new AccessRules(),
    faults: new Faults(),
    dataset: new Dataset(data, new WrittenRows(new Journal(home, 'rows'))),
    data,
    collation,
  }
  const controls = exactOnlineControls(state)
  const listening = await listen((request, response) => handle(request, response, state, controls), {
    host,
    port,
    now: () => state.clock.now(),
  })
  return {
    url: listening.url,
    async close() {
      await listening.close()
      state.webhooks.close()
      issuerJournal.close()
      state.ledger.close()
      settings.close()
      state.dataset.written.close()
    },
  }
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  state: EmulatorState,
  controls: Controls,
): Promise<void> {
  const url = new URL(request.url ?? '/', `http://${request.headers.host ?? 'localhost'}`)
  const path = url.pathname
  if (path.startsWith('/_control/')) await serveControl(request, response, url, controls)
  else if (path === '/api/oauth2/token') await serveToken(request, response, state, path)
  else if (/^\/api\/oauth2\/(auth|login|verify|consent)$/.test(path))
    await serveAuthorize(request, response, state, url)
  else if (path.startsWith('/api/v1/')) await serveApi(request, response, state, url)
  else if (path.toLowerCase() === '/docs/sysattachment.aspx') serveAttachment(request, response, state, url)
  else {
    response
      .writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' })
      .end('Not found. The API is below /api/v1/, the controls below /_control/.\n')
  }
}
