/** A platform as the partner's application needs it: where to consent, where to exchange, what to ask in SQL. */
export interface PartnerPlatform {
  readonly id: 'exact-online' | 'twinfield'
  readonly label: string
  /** The region's name at Sluis. */
  readonly region: string
  readonly authorizeUrl: string
  readonly tokenUrl: string
  /** Null where the platform knows none. */
  readonly scope: string | null
  readonly clientId: string
  readonly clientSecret: string
  /** The app as Sluis keeps it (`cli_…`), for the page that Sluis hosts. */
  readonly connectClient: string
  /** Answers with the columns Customer, Invoice, DueDate and Amount. */
  readonly openInvoices: string
}

interface Place {
  readonly region: string
  readonly baseUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly connectClient: string
}

/** @see https://support.exactonline.com/community/s/knowledge-base#All-All-DNO-Content-gettingstarted */
export const exactOnline = ({ baseUrl, ...place }: Place): PartnerPlatform => ({
  id: 'exact-online',
  label: 'Exact Online',
  authorizeUrl: `${baseUrl}/api/oauth2/auth`,
  tokenUrl: `${baseUrl}/api/oauth2/token`,
  scope: null,
  openInvoices: `
    SELECT AccountName AS Customer, InvoiceNumber AS Invoice, DueDate, AmountDC AS Amount
    FROM cashflow.Receivables
    WHERE Status = 20
    ORDER BY DueDate, Invoice
    LIMIT 20`,
  ...place,
})

/** @see https://developers.twinfield.com/documentation/api/authentication/openid-connect-auth */
export const twinfield = ({ baseUrl, ...place }: Place): PartnerPlatform => ({
  id: 'twinfield',
  label: 'Twinfield',
  authorizeUrl: `${baseUrl}/auth/authentication/connect/authorize`,
  tokenUrl: `${baseUrl}/auth/authentication/connect/token`,
  scope: 'openid twf.user twf.organisation twf.organisationUser offline_access',
  openInvoices: `
    SELECT line_dim2name AS Customer, line_invnumber AS Invoice, line_datedue AS DueDate, line_openbasevaluesigned AS Amount
    FROM browse.CustomerTransactions_100
    WHERE head_code = 'VRK' AND line_openbasevaluesigned <> 0
    ORDER BY DueDate, Invoice
    LIMIT 20`,
  ...place,
})
