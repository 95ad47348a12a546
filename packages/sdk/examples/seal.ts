import { createSluis } from '@sluis/sdk'
import { sealCredentials } from '@sluis/sdk/seal'

const { SLUIS_URL = '', SLUIS_API_KEY = '', PLATFORM_REGION = 'nl' } = process.env
const {
  CLIENT_ID = '',
  CLIENT_SECRET = '',
  REDIRECT_URI = '',
  ACCESS_TOKEN = '',
  REFRESH_TOKEN = '',
} = process.env

const sluis = createSluis({ url: SLUIS_URL, apiKey: SLUIS_API_KEY })

// At the moment of consent. The envelope may lie in your own table: only the vault opens it.
const envelope = await sealCredentials(await sluis.handoverKey(), {
  kind: 'tokens',
  accessToken: ACCESS_TOKEN,
  refreshToken: REFRESH_TOKEN,
  obtainedAt: new Date().toISOString(),
})

// Later.
const { grant } = await sluis.grants.handOver({
  platform: 'exact-online',
  region: PLATFORM_REGION,
  client: { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, redirectUri: REDIRECT_URI },
  credentials: envelope,
})
const { expiresAt } = await sluis.grants.lease(grant.id)
console.log(grant.state, `access token until ${expiresAt}`)
