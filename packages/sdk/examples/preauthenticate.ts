import { createInterface } from 'node:readline/promises'
import { createSluis } from '@sluis/sdk'

const { SLUIS_URL = '', SLUIS_API_KEY = '', PLATFORM_REGION = 'nl' } = process.env
const { CLIENT_ID = '', CLIENT_SECRET = '', REDIRECT_URI = '' } = process.env
const sluis = createSluis({ url: SLUIS_URL, apiKey: SLUIS_API_KEY })

const begun = await sluis.preauthentications.begin({
  platform: 'exact-online',
  region: PLATFORM_REGION,
  client: { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, redirectUri: REDIRECT_URI },
  // A grant that Sluis keeps. `tokens`, `code` and `envelope` are for use elsewhere, shown once.
  output: 'grant',
  externalId: 'customer-43',
})
console.log('open', begun.startUrl ?? begun.authorizeUrl)

// The redirect URI above is not one of Sluis: paste the address that the browser was sent to, with its code and state.
const input = createInterface({ input: process.stdin })
const { state, grant } = await sluis.preauthentications.paste(begun.id, await input.question(''))
input.close()
console.log(state, grant === null ? 'without a grant' : (await sluis.grants.get(grant)).state)
