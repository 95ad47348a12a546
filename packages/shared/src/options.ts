import { isIP } from 'node:net'

/** One option of the server: declared once, read from the environment or a flag, described in help and reference. */
export interface Option {
  readonly env: string
  readonly flag: string
  readonly type: 'text' | 'file' | 'folder' | 'url' | 'integer' | 'level' | 'secret'
  readonly fallback: string | null
  readonly help: string
  /** What is wrong with a value, or null. */
  readonly check?: (text: string) => string | null
}

const isInteger = (least: number, most: number) => (text: string) =>
  /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most
    ? null
    : `is not a whole number from ${least} to ${most}`

const isUrl = (protocols: readonly string[]) => (text: string) =>
  URL.canParse(text) && protocols.includes(new URL(text).protocol)
    ? null
    : `is not an address that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`

/** Addresses and networks such as 10.0.0.0/8, separated by commas. */
const areNetworks = (text: string) =>
  text.split(',').every((item) => {
    const [address = '', bits, more] = item.trim().split('/')
    const family = isIP(address)
    if (family === 0 || more !== undefined) return false
    // A network of everything would believe whoever asks.
    return (
      bits === undefined ||
      (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= (family === 4 ? 32 : 128))
    )
  })
    ? null
    : 'is not a list of addresses and networks such as 10.0.0.0/8, separated by commas'

const isLoopbackUrl = (text: string) =>
  URL.canParse(text) && /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/.test(new URL(text).hostname)
    ? null
    : 'is not an address on the loopback interface'

/** Every option, in the order of the reference. */
export const options = {
  home: {
    env: 'SLUIS_HOME',
    flag: '--home',
    type: 'folder',
    fallback: './.sluis',
    help: 'data folder: database, keys, spool',
  },
  host: {
    env: 'SLUIS_HOST',
    flag: '--host',
    type: 'text',
    fallback: '127.0.0.1',
    help: 'address to listen on',
  },
  port: {
    env: 'SLUIS_PORT',
    flag: '--port',
    type: 'integer',
    fallback: '8080',
    help: 'port to listen on; 0 takes a free one',
    check: isInteger(0, 65_535),
  },
  publicUrl: {
    env: 'SLUIS_PUBLIC_URL',
    flag: '--public-url',
    type: 'url',
    fallback: null,
    help: 'address under which users reach this server',
    check: isUrl(['http:', 'https:']),
  },
  trustedProxies: {
    env: 'SLUIS_TRUSTED_PROXIES',
    flag: '--trusted-proxies',
    type: 'text',
    fallback: null,
    help: 'addresses and networks of proxies of yours, separated by commas: what they say of who asked (X-Forwarded-For, -Proto, -Host) is believed',
    check: areNetworks,
  },
  databaseUrl: {
    env: 'DATABASE_URL',
    // It may hold a password: no argument, which every process of the machine can read.
    flag: '',
    type: 'secret',
    fallback: null,
    help: 'a PostgreSQL server of your own; without it an embedded one runs',
    // As libpq takes them: `postgres://user@/name?host=/run/postgresql` is one for a socket and no URL to the standard.
    check: (text: string) =>
      /^postgres(ql)?:\/\/./.test(text)
        ? null
        : 'is not an address that starts with postgres:// or postgresql://',
  },
  kekFile: {
    env: 'SLUIS_KEK_FILE',
    flag: '--kek-file',
    type: 'file',
    fallback: null,
    help: 'file with the key-encryption key; made once in the data folder when not given',
  },
  kek: {
    env: 'SLUIS_KEK',
    flag: '',
    type: 'secret',
    fallback: null,
    help: 'the key-encryption key itself in place of a file; after it, separated by commas, earlier ones',
  },
  bootstrapApiKey: {
    env: 'SLUIS_BOOTSTRAP_API_KEY',
    flag: '',
    type: 'secret',
    fallback: null,
    help: 'a key with all scopes for organisation "default", made at the first start',
    check: (text: string) =>
      /^[A-Za-z0-9_-]{32,128}$/.test(text)
        ? null
        : 'does not have 32 to 128 characters of A–Z, a–z, 0–9, _ and -',
  },
  regionsFile: {
    env: 'SLUIS_REGIONS_FILE',
    flag: '--regions-file',
    type: 'file',
    fallback: null,
    help: 'JSON file with regions of your own, for instance an emulator',
  },
  logLevel: {
    env: 'SLUIS_LOG_LEVEL',
    flag: '--log-level',
    type: 'level',
    fallback: 'info',
    help: 'least severe level that is logged',
    check: (text: string) =>
      /^(debug|info|warn|error|silent)$/.test(text) ? null : 'is none of debug, info, warn, error, silent',
  },
  tokenTimeoutMs: {
    env: 'SLUIS_TOKEN_TIMEOUT_MS',
    flag: '--token-timeout-ms',
    type: 'integer',
    fallback: '180000',
    help: 'how long a token answer is waited for, in milliseconds',
    check: isInteger(1000, 3_600_000),
  },
  workers: {
    env: 'SLUIS_WORKERS',
    flag: '--workers',
    type: 'integer',
    fallback: '2',
    help: 'processes that run queries',
    check: isInteger(1, 256),
  },
  cacheBytes: {
    env: 'SLUIS_CACHE_BYTES',
    flag: '--cache-bytes',
    type: 'integer',
    fallback: '2000000000',
    help: 'most that kept answers take on the disk, in bytes; 0 keeps none',
    check: isInteger(0, 1_000_000_000_000),
  },
  smtpUrl: {
    env: 'SLUIS_SMTP_URL',
    flag: '',
    type: 'secret',
    fallback: null,
    help: 'mail server; without it invitations are links that an owner copies',
    check: isUrl(['smtp:', 'smtps:']),
  },
  mailFrom: {
    env: 'SLUIS_MAIL_FROM',
    flag: '--mail-from',
    type: 'text',
    fallback: null,
    help: 'address that letters come from; without it sluis@ the mail server',
    check: (text: string) => (/^[^\s@<>,;:"]+@[^\s@<>,;:"]+$/.test(text) ? null : 'is not an e-mail address'),
  },
  oidcIssuer: {
    env: 'SLUIS_OIDC_ISSUER',
    flag: '--oidc-issuer',
    type: 'url',
    fallback: null,
    help: 'OpenID provider at which people log in as well, as its tokens name it; needs SLUIS_PUBLIC_URL',
    check: (text) =>
      isUrl(['https:'])(text) && isLoopbackUrl(text) && 'is not an address that starts with https://',
  },
  oidcClientId: {
    env: 'SLUIS_OIDC_CLIENT_ID',
    flag: '--oidc-client-id',
    type: 'text',
    fallback: null,
    help: 'what the OpenID provider knows this server by; its redirect URI is /api/auth/callback/sso',
  },
  oidcClientSecret: {
    env: 'SLUIS_OIDC_CLIENT_SECRET',
    flag: '',
    type: 'secret',
    fallback: null,
    help: 'the secret that goes with the client id',
  },
  oidcName: {
    env: 'SLUIS_OIDC_NAME',
    flag: '--oidc-name',
    type: 'text',
    fallback: null,
    help: 'what people call the OpenID provider; without it its host',
  },
  unsafePrivateWebhooks: {
    env: 'SLUIS_UNSAFE_PRIVATE_WEBHOOKS',
    flag: '',
    type: 'text',
    fallback: 'no',
    help: '"yes" lets webhooks go to private addresses and over plain http',
    check: (text: string) => (/^(yes|no)$/.test(text) ? null : 'is neither yes nor no'),
  },
  unsafeClockUrl: {
    env: 'SLUIS_UNSAFE_CLOCK_URL',
    flag: '',
    type: 'url',
    fallback: null,
    help: 'for tests and demos: follow the clock of an emulator on the loopback interface',
    check: isLoopbackUrl,
  },
} as const satisfies Record<string, Option>

export type OptionName = keyof typeof options

/** Every option's text, given or by default; null where there is none. */
export type OptionTexts = {
  readonly [Name in OptionName]: (typeof options)[Name]['fallback'] extends string ? string : string | null
}

/** Reads all options; flags win over the environment. Faults are returned together, by the name the user typed. */
export function readOptions(
  env: Readonly<Record<string, string | undefined>>,
  flags: Readonly<Partial<Record<OptionName, string>>> = {},
): { readonly texts: OptionTexts; readonly faults: readonly string[] } {
  const texts: Record<string, string | null> = {}
  const faults: string[] = []
  for (const [name, option] of Object.entries(options) as [OptionName, Option][]) {
    const fromFlag = flags[name]
    const given = fromFlag ?? env[option.env]
    const text = given === undefined || given === '' ? option.fallback : given
    texts[name] = text
    const fault = text === null ? null : (option.check?.(text) ?? null)
    // A secret's value is never repeated.
    if (fault !== null)
      faults.push(
        `${fromFlag === undefined ? option.env : option.flag}${option.type === 'secret' ? '' : ` "${text}"`} ${fault}`,
      )
  }
  return { texts: texts as unknown as OptionTexts, faults }
}
