import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectSettings } from '../api/connect-links.ts'
import { changeOf, formOf } from './settings-draft.ts'

const settings: ConnectSettings = {
  name: 'Boek & Houder',
  colour: '#0b7285',
  logo: 'data:image/png;base64,AAAA',
  texts: { en: 'Hello', nl: null },
  origin: null,
  returnAddresses: ['https://partner.example/done'],
  isInherited: false,
  changedAt: null,
}

test('what was not touched is not sent', () => {
  assert.deepEqual(changeOf(settings, formOf(settings)), {})
  const draft = { ...formOf(settings), name: ' ', nl: 'Hallo', origin: 'https://connect.example/' }
  assert.deepEqual(changeOf(settings, draft), {
    name: null,
    texts: { en: 'Hello', nl: 'Hallo' },
    origin: 'https://connect.example',
  })
})

test('the first change of settings from above takes all of them over', () => {
  const inherited = { ...settings, isInherited: true }
  assert.deepEqual(changeOf(inherited, { ...formOf(inherited), colour: '#aa0000' }), {
    name: 'Boek & Houder',
    colour: '#aa0000',
    logo: 'AAAA',
    texts: { en: 'Hello', nl: null },
    origin: null,
    returnAddresses: ['https://partner.example/done'],
  })
})
