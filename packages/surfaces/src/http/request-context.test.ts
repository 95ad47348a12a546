import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { People, Persons } from '@sluis/people'
import fastify from 'fastify'
import { admitByTable } from './request-context.ts'

test('a route without a line in the table stops the start', async () => {
  const app = fastify()
  // Nobody is asked before the first request.
  const parts = { people: {} as People, persons: {} as Persons }
  await app.register(
    async (api) => {
      admitByTable(api, parts)
      api.get('/grants', async () => ({}))
      assert.throws(
        () => api.get('/grants/everything', async () => ({})),
        /GET \/grants\/everything has no line/,
      )
      assert.throws(() => api.put('/grants', async () => ({})), /PUT \/grants has no line/)
    },
    { prefix: '/api/v1' },
  )
  await app.ready()
})
