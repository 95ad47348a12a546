import { type BatchLine, createSluis } from '@sluis/sdk'

const { SLUIS_URL = '', SLUIS_API_KEY = '', PLATFORM_REGION = 'nl' } = process.env
const { CLIENT_ID = '', CLIENT_SECRET = '', REDIRECT_URI = '', CUSTOMERS = '[]' } = process.env
const sluis = createSluis({ url: SLUIS_URL, apiKey: SLUIS_API_KEY })

/** From your own table, as many as there are: they are sent some at a time. */
function* lines(): Generator<BatchLine> {
  for (const { id, accessToken, refreshToken } of JSON.parse(CUSTOMERS)) {
    yield {
      id,
      externalId: id,
      platform: 'exact-online',
      region: PLATFORM_REGION,
      client: { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, redirectUri: REDIRECT_URI },
      credentials: { kind: 'tokens', accessToken, refreshToken },
      database: { name: id },
    }
  }
}

// First what would be refused: nothing is stored or sent.
let refused = 0
for await (const outcome of sluis.grants.handOverAll(lines(), { dryRun: true })) {
  if ('problem' in outcome) console.log(outcome.id, 'would be refused:', outcome.problem.detail, ++refused)
}
// Then for real. What broke off is resumed by sending the same lines again: nothing is spent twice.
for await (const outcome of sluis.grants.handOverAll(refused === 0 ? lines() : [])) {
  if ('problem' in outcome) console.log(outcome.id, outcome.problem.code, outcome.problem.detail)
  else console.log(outcome.id, outcome.outcome)
}
