import { z } from 'zod'

const name = z.string().trim().min(1).max(200)
/** What we take of calls whose bodies the library looks at less closely than our own routes do. */
const bodies: Readonly<Record<string, z.ZodType>> = {
  'POST /update-user': z.strictObject({ name }),
  'POST /passkey/verify-registration': z.looseObject({ name: name.optional() }),
}

/** The request with its body checked; null where the body is none that we take. */
export async function checkedBody(call: string, request: Request): Promise<Request | null> {
  const schema = bodies[call]
  if (schema === undefined) return request
  const body = schema.safeParse(await request.json().catch(() => null))
  return body.success ? new Request(request, { body: JSON.stringify(body.data) }) : null
}
