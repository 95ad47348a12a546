import { createSluis } from '@sluis/sdk'

const { SLUIS_URL = '', SLUIS_API_KEY = '', HOOK_URL = 'https://partner.example/hook' } = process.env
const sluis = createSluis({ url: SLUIS_URL, apiKey: SLUIS_API_KEY })

const hook = await sluis.webhooks.create({ url: HOOK_URL, events: ['grant.created', 'grant.needs_consent'] })
// For the receiver below. It is shown this once.
console.log(hook.secret)

// What could not be delivered for three days is given up, and can be sent again.
for await (const { type, lastError } of sluis.webhooks.deliveries(hook.id, { state: 'dead' })) {
  console.log(type, lastError)
}
await sluis.webhooks.replay(hook.id)
