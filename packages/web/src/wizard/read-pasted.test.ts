import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameFrom, readPasted, stampedRegion } from './read-pasted.ts'

test('a whole callback address gives its code, decoded', () => {
  const address = 'https://partner.example/cb?code=stampNL001.aa%21IAAA&state=1'
  assert.deepEqual(readPasted(` ${address}\n`), { kind: 'code', code: 'stampNL001.aa!IAAA' })
  assert.deepEqual(readPasted('?code=abc&state=2'), { kind: 'code', code: 'abc' })
})

test('a callback address that says no is told as a refusal', () => {
  assert.deepEqual(readPasted('https://partner.example/cb?error=access_denied'), {
    kind: 'refusal',
    error: 'access_denied',
  })
})

test('a JSON token answer fills both fields, also over several lines', () => {
  assert.deepEqual(readPasted('{\n "access_token": "a.b",\n "refresh_token": "c!d", "expires_in": "600" }'), {
    kind: 'tokens',
    accessToken: 'a.b',
    refreshToken: 'c!d',
  })
})

test('blanks, line breaks and quotes go', () => {
  assert.deepEqual(readPasted(' "stampNL001.gA\nAAA" '), {
    kind: 'value',
    value: 'stampNL001.gAAAA',
    wasCleaned: true,
  })
})

test('half-typed JSON is a value, and an encoded code is decoded', () => {
  assert.equal(readPasted('{"access_tok').kind, 'value')
  assert.deepEqual(readPasted('stampNL001.abcd%21IAAA'), {
    kind: 'value',
    value: 'stampNL001.abcd!IAAA',
    wasCleaned: true,
  })
})

test('a stamp names its country, and GB is the United Kingdom', () => {
  assert.deepEqual(['stampNL001.x', 'stampGB003.x', 'gAAAA'].map(stampedRegion), ['nl', 'uk', null])
})

test('a company name becomes a name that every surface can spell', () => {
  assert.deepEqual(['Bakkerij ’t Brood & Zn. B.V.', 'Café Één', '3M', '株式会社'].map(nameFrom), [
    'bakkerij-t-brood-zn-b-v',
    'cafe-een',
    'db-3m',
    'db-sluis',
  ])
})
