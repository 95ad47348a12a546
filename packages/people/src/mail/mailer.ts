/** A letter as it leaves: text, the same as simple HTML, and nothing fetched from anywhere. */
export interface Letter {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
  /** The same for every attempt, so that a receiver can tell a second one of the same letter. */
  readonly id?: string
}

export interface Mailer {
  /** Rejects when the mail server did not take it. */
  send(letter: Letter): Promise<void>
}

const timeoutMs = 15_000
const isLoopback = (host: string) => /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/.test(host)

/**
 * Sends through the operator's own mail server and no other. A password goes there only encrypted, except on this machine.
 * @see RFC 8314 (smtps), RFC 3207 (STARTTLS)
 */
export function createMailer({ url, from }: { readonly url: string; readonly from: string | null }): Mailer {
  const { protocol, hostname, port, username, password } = new URL(url)
  const secure = protocol === 'smtps:'
  const settings = {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (secure ? 465 : 587) : Number(port),
    secure,
    requireTLS: username !== '' && !isLoopback(hostname),
    ...(username === ''
      ? {}
      : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    // A letter is what stands in it: no part of it may name a file or an address to be read.
    disableFileAccess: true,
    disableUrlAccess: true,
  }
  // Read with the first letter: a server that sends none does not hold it in memory.
  let transport: ReturnType<typeof open> | null = null
  const open = async () => (await import('nodemailer')).createTransport(settings)
  const sender = from ?? `sluis@${isLoopback(hostname) ? 'localhost' : hostname}`
  return {
    async send({ to, subject, text, html, id }) {
      transport ??= open()
      await (await transport).sendMail({
        from: { name: 'Sluis', address: sender },
        // As an object: a comma or line break in it makes no second receiver and no header.
        to: { name: '', address: to },
        subject: oneLine(subject),
        text,
        html,
        ...(id === undefined ? {} : { messageId: `<${id}@${sender.split('@')[1] ?? 'localhost'}>` }),
        headers: { 'Auto-Submitted': 'auto-generated' },
      })
    },
  }
}

/** Without line breaks and other control characters, which could begin a header of their own. */
export const oneLine = (text: string) => text.replace(/\p{Cc}+/gu, ' ').trim()
