import { Badge } from '@mantine/core'
import { useLanguage } from '../i18n/language.tsx'
import type { Standing } from './standing.ts'

const colours: Readonly<Record<Standing, string>> = {
  waiting: 'yellow',
  exchanging: 'yellow',
  consented: 'green',
  registered: 'green',
  made: 'cyan',
  shown: 'gray',
  refused: 'red',
  expired: 'gray',
}

/** How far a consent has come, in a word. */
export function StandingBadge({ standing }: { readonly standing: Standing }) {
  const { t } = useLanguage()
  return (
    <Badge
      color={colours[standing]}
      variant="light"
      autoContrast
      c="var(--mantine-color-text)"
      tt="none"
      miw="max-content"
    >
      {t(`pre.state.${standing}`)}
    </Badge>
  )
}
