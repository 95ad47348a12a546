import { SluisError, verifyWebhook } from '@sluis/sdk'

/** A handler for Deno, Bun, Hono and whatever else speaks in `Request` and `Response`. */
export async function receive(request: Request): Promise<Response> {
  try {
    const secret = process.env.WEBHOOK_SECRET ?? ''
    const event = await verifyWebhook(secret, request.headers, await request.text())
    if (event.type === 'grant.needs_consent') console.log('ask the customer again', event.data.grant)
    return new Response(null, { status: 204 })
  } catch (error) {
    if (!(error instanceof SluisError)) throw error
    return new Response(error.message, { status: 401 })
  }
}
