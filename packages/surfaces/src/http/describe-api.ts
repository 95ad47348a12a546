import { silentLog } from '@sluis/shared'
import { createHttpApp, type HttpParts } from './http-app.ts'

/**
 * The description at `/api/v1/openapi.json` without a server: the routes are declared on parts that are not there, which
 * none of them touches before it is called.
 */
export async function describeApi(): Promise<object> {
  // biome-ignore lint/suspicious/noExplicitAny: stands for every part and every part of a part
  const absent: any = new Proxy({}, { get: () => absent })
  const parts: HttpParts = {
    people: absent,
    persons: absent,
    vault: absent,
    engine: absent,
    log: silentLog,
    readiness: async () => null,
    gauges: () => ({}),
    version: '0',
    publicUrl: null,
    trustedProxies: [],
  }
  const app = await createHttpApp(parts)
  await app.ready()
  try {
    return app.swagger()
  } finally {
    await app.close()
  }
}
