import { createInterface } from 'node:readline/promises'
import { createSluis } from '@sluis/sdk'

const { SLUIS_URL = '', SLUIS_API_KEY = '', PLATFORM_REGION = 'nl' } = process.env
const { CLIENT = '', RETURN_ADDRESS = '' } = process.env
const sluis = createSluis({ url: SLUIS_URL, apiKey: SLUIS_API_KEY })

// In your application this stands in the session of the user who is logged in there.
const returnState = crypto.randomUUID()
const { url } = await sluis.connectLinks.create({
  platform: 'exact-online',
  region: PLATFORM_REGION,
  client: CLIENT,
  returnAddress: RETURN_ADDRESS,
  returnState,
  externalId: 'customer-44',
})
console.log('send the customer to', url)

// The address that the customer's browser asks of your application afterwards.
const input = createInterface({ input: process.stdin })
const { state, grant, reason } = await sluis.connectLinks.returned(await input.question(''), returnState)
input.close()
console.log(state, grant ?? reason ?? '')
