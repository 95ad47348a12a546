import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { nextState, transitions } from './grant-state.ts'
import type { GrantState } from './vault.ts'

const states = Object.keys(transitions) as GrantState[]
const events = Object.keys(transitions.pending) as (keyof typeof transitions.pending)[]

test('the README shows the table of states as it is', () => {
  const cells = (first: string, rest: readonly string[]) => `| ${first} | ${rest.join(' | ')} |`
  const table = [
    cells('event', states),
    `|---|${states.map(() => '---').join('|')}|`,
    ...events.map((event) =>
      cells(
        event,
        states.map((state) => transitions[state][event] ?? '–'),
      ),
    ),
  ].join('\n')
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
  assert.ok(readme.includes(table), `put this into packages/vault/README.md:\n${table}`)
})

test('a good answer is taken late in every state but revoked, and what is revoked stays so', () => {
  for (const state of states) {
    if (state === 'revoked')
      for (const event of events) assert.throws(() => nextState(state, event), TypeError)
    else assert.equal(nextState(state, 'spent'), state === 'pending' ? 'pending' : 'active')
  }
})
