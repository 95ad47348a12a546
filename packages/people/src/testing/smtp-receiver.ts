import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export interface SmtpReceiver {
  readonly url: string
  /** Whole messages as they came, with their receivers. */
  readonly letters: { readonly to: readonly string[]; readonly raw: string }[]
  /** The next letter that comes. */
  next(): Promise<void>
  /** Refuses for now what comes, or takes it again. */
  refuse(isRefusing: boolean): void
  close(): Promise<void>
}

/** A real mail server on the loopback interface, which keeps what it is sent. */
export async function openSmtpReceiver(): Promise<SmtpReceiver> {
  const letters: { to: string[]; raw: string }[] = []
  let isRefusing = false
  let waiting: (() => void)[] = []
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        if (isRefusing) return done(Object.assign(new Error('not now'), { responseCode: 451 }))
        letters.push({
          to: session.envelope.rcptTo.map(({ address }) => address),
          raw: Buffer.concat(chunks).toString('utf8'),
        })
        for (const wake of waiting) wake()
        waiting = []
        return done()
      })
    },
  })
  server.listen(0, '127.0.0.1')
  await once(server.server, 'listening')
  const { port } = server.server.address() as AddressInfo
  return {
    url: `smtp://127.0.0.1:${port}`,
    letters,
    next: () => new Promise((resolve) => waiting.push(resolve)),
    refuse: (wanted) => {
      isRefusing = wanted
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** The text part of a message, with its encoding taken off. @see RFC 2045, 6.7 */
export function textOf(raw: string): string {
  const part = /Content-Type: text\/plain[\s\S]*?\r\n\r\n([\s\S]*?)\r\n--/.exec(raw)
  const [whole = '', body = ''] = part ?? []
  if (/Content-Transfer-Encoding: base64/i.test(whole)) return Buffer.from(body, 'base64').toString('utf8')
  if (!/quoted-printable/i.test(whole)) return body
  const bytes = body
    .replaceAll('=\r\n', '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
