import { createSluis } from '@sluis/sdk'

const { SLUIS_URL = '', SLUIS_API_KEY = '', PLATFORM_REGION = 'nl' } = process.env
const {
  CLIENT_ID = '',
  CLIENT_SECRET = '',
  REDIRECT_URI = '',
  ACCESS_TOKEN = '',
  REFRESH_TOKEN = '',
} = process.env

const sluis = createSluis({ url: SLUIS_URL, apiKey: SLUIS_API_KEY })

const { grant, outcome } = await sluis.grants.handOver({
  platform: 'exact-online',
  region: PLATFORM_REGION,
  client: { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, redirectUri: REDIRECT_URI },
  credentials: { kind: 'tokens', accessToken: ACCESS_TOKEN, refreshToken: REFRESH_TOKEN },
  externalId: 'customer-42',
})
console.log(outcome, grant.state)

// Now, or months later: the vault keeps the grant alive.
await sluis.databases.create({ name: 'books', sources: [{ grant: grant.id }] })
