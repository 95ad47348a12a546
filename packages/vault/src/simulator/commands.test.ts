import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { CommandWorld, type NextSend } from './command-world.ts'
import type { IssuerName } from './issuers.ts'
import { MemoryGrantStore } from './memory-grant-store.ts'

/** All that the model knows: the newest generation that anybody was given, and what happened. */
interface Model {
  newest: number
  hasGrant: boolean
  readonly seen: Map<string, number>
}
type Command = fc.AsyncCommand<Model, CommandWorld>

const count = (model: Model, what: string) => model.seen.set(what, (model.seen.get(what) ?? 0) + 1)
const command = (
  name: string,
  run: (model: Model, world: CommandWorld) => Promise<void> | void,
  check: (model: Model) => boolean = ({ hasGrant }) => hasGrant,
): Command => ({
  check,
  toString: () => name,
  run: async (model, world) => {
    count(model, name.split(' ')[0] ?? '')
    await run(model, world)
  },
})

const deposit = command(
  'deposit',
  (model, world) => {
    model.hasGrant = true
    return world.deposit()
  },
  ({ hasGrant }) => !hasGrant,
)
const supersede = command('supersede', (_model, world) => world.deposit())
const lease = command('lease', async (model, world) => {
  const generation = await world.lease()
  if (generation === null) return
  // What was given once is never behind what was given before: no answer was lost and none put back.
  assert.ok(generation >= model.newest, `generation ${generation} after ${model.newest}`)
  model.newest = generation
})
const refresh = command('refresh', (_model, world) => world.refresh())
const crash = command('crash', (_model, world) => world.crash())
const crashAfter = (steps: number) =>
  command(`crash-later ${steps}`, (_model, world) => world.crashAfter(steps))
const lose = (way: NextSend) => command(`lose ${way}`, (_model, world) => world.sendNext(way))
const wait = (seconds: number) => command(`wait ${seconds}`, (_model, world) => world.wait(seconds * 1000))

const commands = (replayPath?: string) =>
  fc.commands<Model, CommandWorld, false>(
    [
      fc.constant(deposit),
      fc.constant(supersede),
      fc.constant(lease),
      fc.constant(lease),
      fc.constant(refresh),
      fc.constant(crash),
      fc.integer({ min: 1, max: 12 }).map(crashAfter),
      fc.constantFrom<NextSend>('answer lost', 'request lost', 'unreachable', 'slow').map(lose),
      fc.constantFrom(1, 25, 300, 601, 1000).map(wait),
    ] as fc.Arbitrary<Command>[],
    { maxCommands: 30, size: 'max', ...(replayPath === undefined ? {} : { replayPath }) },
  )

const issuers: IssuerName[] = ['strict', 'exact-like', 'exact-like, time first', 'xero-like', 'non-rotating']

async function runAll(list: Iterable<Command>, world: CommandWorld, model: Model): Promise<string[]> {
  await fc.asyncModelRun(
    () => ({ model, real: world }),
    list as Iterable<fc.AsyncCommand<Model, CommandWorld>>,
  )
  return world.wrongInTheEnd()
}

describe('whatever order of deposits, leases, refreshes, lost answers, crashes and new consents', () => {
  for (const issuer of issuers) {
    test(`at an issuer that is ${issuer}: a generation is spent once and nothing is lost`, async () => {
      const model: Model['seen'] = new Map()
      await fc.assert(
        fc.asyncProperty(fc.nat(), commands(), async (seed, list) => {
          const world = new CommandWorld(issuer, seed)
          assert.deepEqual(await runAll(list, world, { newest: 0, hasGrant: false, seen: model }), [])
          for (const { outcome } of world.issuer.ledger) model.set(outcome, (model.get(outcome) ?? 0) + 1)
        }),
        { numRuns: 120, seed: 20_261_125 },
      )
      // It must have been in trouble, or this proves nothing.
      for (const what of ['supersede', 'lease', 'refresh', 'lose', 'crash', 'crash-later', 'refreshed']) {
        assert.ok((model.get(what) ?? 0) > 20, `${what}: ${JSON.stringify([...model])}`)
      }
    })
  }

  test('a store that forgets intents is found out', async () => {
    const forgetful = MemoryGrantStore.prototype.beginSpend
    const found = await fc.check(
      fc.asyncProperty(fc.nat(), commands(), async (seed, list) => {
        const world = new CommandWorld('strict', seed)
        // The intent is given and not recorded: whoever comes next spends the same token.
        world.store.beginSpend = async function (this: MemoryGrantStore, ...[row, spend]) {
          const before = this.rows.get(row.id)
          const begun = await forgetful.call(this, row, spend)
          if (begun && before) this.write(before)
          return begun
        }
        assert.deepEqual(await runAll(list, world, { newest: 0, hasGrant: false, seen: new Map() }), [])
      }),
      { numRuns: 60, seed: 20_261_125, endOnFailure: true },
    )
    assert.equal(found.failed, true)
  })
})
