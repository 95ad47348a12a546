import { Badge } from '@mantine/core'
import type { Grant } from '../api/answers.ts'
import { useLanguage } from '../i18n/language.tsx'

const colours: Readonly<Record<Grant['state'], string>> = {
  active: 'green',
  refreshing: 'green',
  pending: 'yellow',
  ambiguous: 'yellow',
  misconfigured: 'red',
  needs_consent: 'red',
  revoked: 'gray',
}

/** A grant's health in a word: colour helps, the word tells. */
export function StateBadge({ state }: { readonly state: Grant['state'] }) {
  const { t } = useLanguage()
  return (
    <Badge
      color={colours[state]}
      variant="light"
      autoContrast
      c="var(--mantine-color-text)"
      tt="none"
      miw="max-content"
    >
      {t(`state.${state}`)}
    </Badge>
  )
}
