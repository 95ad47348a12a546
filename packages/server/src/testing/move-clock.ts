import type { HttpLab } from './http-lab.ts'

/** Moves the emulator's clock by so many seconds, and waits until the server, which follows it, has seen that. */
export async function moveClock(lab: HttpLab, database: string, seconds: number): Promise<void> {
  const { now } = (await lab.control('clock', { advanceSeconds: seconds })) as { now: number }
  for (let look = 0; look < 600; look++) {
    const sql = 'SELECT epoch_ms(now())'
    const { body } = await lab.call('POST', `/databases/${database}/query`, { sql })
    if (Number(body.rows?.[0][0]) > now - seconds * 500) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('the server never followed the clock')
}
