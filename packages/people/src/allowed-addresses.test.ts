import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAllowed, isNetwork } from './allowed-addresses.ts'

test('addresses and networks are told from other texts', () => {
  for (const text of ['203.0.113.7', '203.0.113.0/24', '0.0.0.0/0', '2001:db8::/32', '::1']) {
    assert.ok(isNetwork(text), text)
  }
  for (const text of [
    '',
    'localhost',
    '203.0.113.0/33',
    '203.0.113/24',
    '1.2.3.4/',
    '1.2.3.4/8/8',
    '::/129',
  ]) {
    assert.ok(!isNetwork(text), text)
  }
})

test('an address is allowed in its networks only, in either form of IPv4', () => {
  const networks = ['203.0.113.0/24', '198.51.100.7', '2001:db8::/32']
  for (const address of ['203.0.113.255', '::ffff:203.0.113.1', '198.51.100.7', '2001:db8:1::1']) {
    assert.ok(isAllowed(networks, address), address)
  }
  for (const address of [
    '203.0.114.0',
    '198.51.100.8',
    '2001:db9::1',
    '::ffff:198.51.100.8',
    '',
    'unknown',
  ]) {
    assert.ok(!isAllowed(networks, address), address)
  }
  assert.ok(!isAllowed([], '127.0.0.1'))
})
