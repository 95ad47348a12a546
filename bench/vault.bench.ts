import { type Benchmark, quantile, type Report } from './benchmark.ts'
import { measureDurableUpdates } from './durable-updates.ts'
import { type LoadResult, runLoad } from './http-load.ts'
import { VaultServer } from './vault-server.ts'

/** Grants that stay for the whole run; each can be refreshed once whenever the clock moved on by ten minutes. */
const held = 1600
const deposits = 1500
const rounds = 5
/** After so long at rest a burst's memory is given back. */
const restMs = 3000

export const benchmark: Benchmark = {
  title:
    'one server process, PostgreSQL durable, encryption on; issuer and load in processes of their own beside it',
  async run(report) {
    const lab = await VaultServer.start()
    try {
      const first = await lab.serve()
      report({ name: 'start.first', value: first, unit: 'ms' })
      await lab.stopServer()
      const cold = await median(3, async (isLast) => {
        const ms = await lab.serve(cpuProfile())
        if (!isLast) await lab.stopServer()
        return ms
      })
      report({ name: 'start.cold', value: cold, unit: 'ms', goal: '< 2,000' })
      const durable = await measureDurableUpdates(lab.postgres.connection, 2000)
      report({ name: 'durable-updates', value: durable, unit: '1/s' })
      const bar = Math.min(1000, durable * 0.2)
      const bars = `≥ ${Math.round(bar).toLocaleString('en')} (1,000, or 20 % of durable-updates)`
      const grants = await measureDeposits(lab, report, bars)
      await measureLeases(lab, report, grants)
      await untilKeptAlive(lab)
      await measureRefreshes(lab, report, grants, bars)
      await measureHerd(lab, report, grants[0] ?? '')
      await measureKeepAlive(lab, report, grants.length)
      await untilKeptAlive(lab)
      report({ name: 'memory.at-work', value: lab.residentMegabytes(), unit: 'MB' })
      await new Promise((resolve) => setTimeout(resolve, restMs))
      report({ name: 'memory', value: lab.residentMegabytes(), unit: 'MB', goal: '≤ 220 after the run' })
    } finally {
      await lab.stop()
    }
  },
}

/** `SLUIS_BENCH_PROFILE=folder` leaves a CPU profile of the server there. */
function cpuProfile(): { nodeFlags: string[] } {
  const folder = process.env.SLUIS_BENCH_PROFILE
  return { nodeFlags: folder ? ['--cpu-prof', `--cpu-prof-dir=${folder}`] : [] }
}

async function median(times: number, work: (isLast: boolean) => Promise<number>): Promise<number> {
  const values: number[] = []
  for (let turn = 1; turn <= times; turn++) values.push(await work(turn === times))
  return quantile(values, 0.5)
}

const wholly = (result: LoadResult, what: string): LoadResult => {
  const failed = Object.entries(result.failures)
  // A figure over requests that failed would say nothing.
  if (failed.length > 0)
    throw new Error(`${what}: answers ${failed.map(([status, times]) => `${times} × ${status}`).join(', ')}`)
  return result
}

const rate = ({ requests, seconds }: LoadResult) => requests / seconds

/** Runs the same load several times and reports the median of each figure. */
async function repeat(
  report: Report,
  name: string,
  goals: { rate?: string; p99?: string },
  run: () => Promise<LoadResult>,
  times = rounds,
): Promise<void> {
  const results: LoadResult[] = []
  for (let turn = 0; turn < times; turn++) results.push(wholly(await run(), name))
  const middle = (of: (result: LoadResult) => number) => quantile(results.map(of), 0.5)
  report({ name, value: middle(rate), unit: '1/s', ...(goals.rate ? { goal: goals.rate } : {}) })
  report({ name: `${name}.p50`, value: middle(({ samples }) => quantile(samples, 0.5)), unit: 'ms' })
  report({
    name: `${name}.p99`,
    value: middle(({ samples }) => quantile(samples, 0.99)),
    unit: 'ms',
    ...(goals.p99 ? { goal: goals.p99 } : {}),
  })
}

const client = {
  clientId: 'bench-app',
  clientSecret: 'bench-secret',
  redirectUri: 'https://partner.example/cb',
}
const handover = (credentials: object) =>
  JSON.stringify({ platform: 'exact-online', region: 'lab', client, credentials })

/** Deposits verified by who-am-I alone, then those that the other measurements live on, each spent once. */
async function measureDeposits(lab: VaultServer, report: Report, goal: string): Promise<string[]> {
  const deposit = async (count: number, connections: number) => {
    const bodies = (await lab.issuer.mint('exact', count)).map(({ accessToken, refreshToken }) =>
      handover({ kind: 'tokens', accessToken, refreshToken }),
    )
    const next = () => {
      const body = bodies.pop()
      return body === undefined ? null : { path: '/api/v1/grants', body }
    }
    return runLoad({ url: lab.url, key: lab.key, connections, durationMs: 1500, next })
  }
  wholly(await deposit(deposits, 64), 'deposit')
  await repeat(report, 'deposit.16', {}, () => deposit(deposits, 16), 3)
  await repeat(report, 'deposit.64', { rate: goal }, () => deposit(deposits, 64))
  const grants: string[] = []
  const tokens = await lab.issuer.mint('exact', held, 600)
  const lane = async () => {
    for (let pair = tokens.pop(); pair; pair = tokens.pop()) {
      const { platform, region, credentials } = {
        platform: 'exact-online',
        region: 'lab',
        credentials: { kind: 'tokens', refreshToken: pair.refreshToken },
      }
      grants.push((await lab.post<{ id: string }>('/grants', { platform, region, client, credentials })).id)
    }
  }
  await Promise.all(Array.from({ length: 16 }, lane))
  return grants
}

async function measureLeases(lab: VaultServer, report: Report, grants: readonly string[]): Promise<void> {
  let turn = 0
  const next = () => ({ path: `/api/v1/grants/${grants[turn++ % grants.length]}/lease`, body: '{}' })
  const load = (connections: number, durationMs: number) =>
    runLoad({ url: lab.url, key: lab.key, connections, durationMs, next })
  wholly(await load(64, 5000), 'warm-up')
  for (const connections of [1, 8]) {
    await repeat(report, `lease.${connections}`, {}, () => load(connections, 1000))
  }
  await repeat(report, 'lease.64', { rate: '≥ 2,500', p99: '< 50' }, () => load(64, 2000))
}

async function measureRefreshes(
  lab: VaultServer,
  report: Report,
  grants: readonly string[],
  goal: string,
): Promise<void> {
  const run = async (count: number, connections: number) => {
    await advance(lab, 590)
    let turn = 0
    const next = () =>
      turn < count ? { path: `/api/v1/grants/${grants[turn++]}/refresh`, body: '{}' } : null
    return runLoad({ url: lab.url, key: lab.key, connections, durationMs: 3000, next })
  }
  wholly(await run(500, 64), 'warm-up')
  await repeat(report, 'refresh.64', {}, () => run(grants.length, 64), 3)
  await repeat(report, 'refresh.256', { rate: goal }, () => run(grants.length, 256))
  await lab.issuer.setLatency(200)
  await repeat(report, 'refresh.200ms', {}, () => run(500, 64), 3)
}

/** Ten thousand callers of one grant whose access token has run out. */
async function measureHerd(lab: VaultServer, report: Report, grant: string): Promise<void> {
  const { platformUser } = await lab.get<{ platformUser: { name: string } }>(`/grants/${grant}`)
  await advance(lab, 700)
  const before = (await lab.issuer.ledger()).length
  let turn = 0
  const next = () => (turn++ < 10_000 ? { path: `/api/v1/grants/${grant}/lease`, body: '{}' } : null)
  const result = wholly(
    await runLoad({ url: lab.url, key: lab.key, connections: 500, pipelined: 20, next }),
    'herd',
  )
  // Other grants are kept alive meanwhile: the issuer names a user after the chain.
  const calls = (await lab.issuer.ledger(before)).filter(
    ({ chain }) => `User ${chain}` === platformUser.name,
  ).length
  report({ name: 'herd.issuer-calls', value: calls, unit: 'calls', goal: '1' })
  report({ name: 'herd.all-answered', value: result.seconds * 1000, unit: 'ms' })
  await lab.issuer.setLatency(0)
}

/** A week later all are due at once: how many chains a process keeps alive a second. */
async function measureKeepAlive(lab: VaultServer, report: Report, count: number): Promise<void> {
  const before = (await lab.issuer.ledger()).length
  const startedAt = performance.now()
  await lab.issuer.advance(8 * 86_400)
  const boundMs = 20_000
  let done = 0
  while (done < count && performance.now() - startedAt < boundMs) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    done = (await lab.issuer.ledger(before)).length
  }
  report({ name: 'keep-alive', value: done / ((performance.now() - startedAt) / 1000), unit: '1/s' })
}

/**
 * Moves the clock by ten minutes, at which all that was handed over may be spent for the first time, and waits until
 * the server has nothing left to do by itself: its own refreshes would be counted against those that are asked for.
 */
async function untilKeptAlive(lab: VaultServer): Promise<void> {
  await advance(lab, 600)
  const boundMs = 120_000
  const startedAt = performance.now()
  for (let [before, now] = [-1, 0]; now !== before && performance.now() - startedAt < boundMs; ) {
    before = now
    await new Promise((resolve) => setTimeout(resolve, 1500))
    now = (await lab.issuer.ledger()).length
  }
}

/** Moves the issuer's clock, and gives the server, which looks five times a second, time to see it. */
async function advance(lab: VaultServer, seconds: number): Promise<void> {
  await lab.issuer.advance(seconds)
  await new Promise((resolve) => setTimeout(resolve, 600))
}
