import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeTab, closeTab, freeTitle, newTab, openTab, readTabs } from './tabs.ts'

const one = newTab('Query 1', 'SELECT 1')

test('tabs open, change and close, and there is always one', () => {
  let tabs = openTab({ list: [one], current: one.id }, newTab(freeTitle([one], 'Query')))
  assert.deepEqual(
    tabs.list.map(({ title }) => title),
    ['Query 1', 'Query 2'],
  )
  const [, two] = tabs.list
  assert.equal(tabs.current, two?.id)
  tabs = changeTab(tabs, one.id, { sql: 'SELECT 2', statement: 'stm_1' })
  assert.equal(tabs.list[0]?.sql, 'SELECT 2')
  tabs = closeTab(tabs, two?.id ?? '', () => newTab('x'))
  assert.equal(tabs.current, one.id)
  tabs = closeTab(tabs, one.id, () => newTab('fresh'))
  assert.deepEqual(
    tabs.list.map(({ title, id }) => [title, id === tabs.current]),
    [['fresh', true]],
  )
})

test('what is kept is read again, and what is not ours is not', () => {
  const tabs = { list: [one], current: one.id }
  assert.deepEqual(readTabs(JSON.stringify(tabs)), tabs)
  assert.deepEqual(readTabs(JSON.stringify({ ...tabs, current: 'gone' })), tabs)
  const { saved: _, ...before } = one
  assert.deepEqual(
    readTabs(JSON.stringify({ ...tabs, list: [before] })),
    tabs,
    'kept before queries were saved',
  )
  for (const text of [null, '', '{}', '{"list":[]}', '{"list":[{"id":1}]}', 'null'])
    assert.equal(readTabs(text), null)
})
