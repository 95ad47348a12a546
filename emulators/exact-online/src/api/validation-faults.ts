import { ApiFault } from './api-fault.ts'

// Refusals by the administration's own rules are status 500, in the language of the user.
// @see wire.md § 3.6: `Verplicht: …`, `Gegeven bestaat reeds.`

const isDutch = (language: string) => language.startsWith('nl')

export const mandatory = (field: string, language: string) =>
  new ApiFault(500, isDutch(language) ? `Verplicht: ${field}` : `Mandatory: ${field}`)

export const invalid = (field: string, language: string) =>
  new ApiFault(500, isDutch(language) ? `Ongeldig: ${field}` : `Invalid: ${field}`)

export const alreadyExists = (language: string) =>
  new ApiFault(500, isDutch(language) ? 'Gegeven bestaat reeds.' : 'Data already exists.')
