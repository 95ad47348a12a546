/** What the pages know of a platform beyond what the server tells: its address here and a first question. */
export interface PlatformFacts {
  readonly firstQuery: string
}

const facts: Readonly<Record<string, PlatformFacts>> = {
  'exact-online': { firstQuery: 'SELECT Code, Name, City\nFROM crm.Accounts\nLIMIT 5' },
  twinfield: { firstQuery: 'SELECT Office, Code, Name\nFROM dimensions.Customers\nLIMIT 5' },
}

export const factsOf = (platform: string): PlatformFacts | null => facts[platform] ?? null

/** The platform in an address, as the procedure writes it: `exactonline`. */
export const slugOf = (platform: string): string => platform.replaceAll('-', '')
