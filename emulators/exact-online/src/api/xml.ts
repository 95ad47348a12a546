export const xmlHead = '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\r\n'
export const dataNamespace = 'http://schemas.microsoft.com/ado/2007/08/dataservices'
export const metadataNamespace = `${dataNamespace}/metadata`

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text between tags or in an attribute with double quotes; what XML 1.0 cannot hold at all is left out. */
export function xmlText(text: string): string {
  return text
    .replace(/[&<>"]/g, (character) => entities[character] ?? character)
    .replace(/\r/g, '&#xD;')
    .replace(/\p{Cc}/gu, (character) => (/[\t\n]/.test(character) ? character : ''))
}
