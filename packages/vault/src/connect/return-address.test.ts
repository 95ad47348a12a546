import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type GrantId, isSluisError } from '@sluis/shared'
import { checkReturnAddress, requireReturnAddress, returnTo } from './return-address.ts'

const isRefused = (error: unknown) => isSluisError(error, 'INVALID_REQUEST')

test('addresses that can be registered, and those that cannot', () => {
  for (const good of [
    'https://partner.example/',
    'https://partner.example/done?tenant=7',
    'http://localhost:3000/done',
    'http://127.0.0.1:3000/done',
    'http://[::1]:3000/done',
  ]) {
    assert.equal(checkReturnAddress(good), good)
  }
  for (const bad of [
    '/done',
    'http://partner.example/done',
    'http://localhost.evil.example/done',
    'javascript:alert(1)',
    'data:text/html,x',
    'https://user:secret@partner.example/done',
    'https://partner.example@evil.example/done',
    'https://partner.example/done#',
    'https://partner.example/done?grant=grt_mine',
    'https://partner.example/done?outcome=connected',
    'https://partner.example/done?reason=expired',
    'https://partner.example',
    'https://PARTNER.example/done',
    'https://partner.example:443/done',
    'https://partner.example/a/../done',
    ' https://partner.example/done',
    `https://partner.example/${'x'.repeat(2000)}`,
  ]) {
    assert.throws(() => checkReturnAddress(bad), isRefused, bad)
  }
})

test('an address is matched to the letter', () => {
  const registered = ['https://partner.example/done', 'https://partner.example/done?tenant=7']
  for (const one of registered) assert.equal(requireReturnAddress(registered, one), one)
  for (const other of [
    'https://partner.example/done/',
    'https://partner.example/done?tenant=8',
    'https://partner.example/done?',
    'https://partner.example/doneX',
    'https://partner.example:8443/done',
    'https://evil.example/done',
  ]) {
    assert.throws(() => requireReturnAddress(registered, other), isRefused, other)
  }
})

test('the way back tells the outcome and keeps what the address had', () => {
  const told = new URL(
    returnTo(
      'https://partner.example/done?tenant=7',
      { kind: 'connected', grant: 'grt_1' as GrantId },
      {
        link: 'cnl_1',
        state: 'a&b=c #d',
      },
    ),
  )
  assert.equal(told.origin + told.pathname, 'https://partner.example/done')
  assert.deepEqual(Object.fromEntries(told.searchParams), {
    tenant: '7',
    outcome: 'connected',
    grant: 'grt_1',
    link: 'cnl_1',
    state: 'a&b=c #d',
  })
  const none = { link: 'cnl_1', state: null }
  assert.equal(
    returnTo('https://partner.example/done', { kind: 'cancelled' }, none),
    'https://partner.example/done?outcome=cancelled&link=cnl_1',
  )
  assert.equal(
    returnTo('https://partner.example/done', { kind: 'refused', reason: 'expired' }, none),
    'https://partner.example/done?outcome=refused&reason=expired&link=cnl_1',
  )
})
