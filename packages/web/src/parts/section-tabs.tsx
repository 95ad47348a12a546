import { Link, type LinkProps } from '@tanstack/react-router'
import { useLanguage } from '../i18n/language.tsx'
import type { MessageKey } from '../i18n/messages.en.ts'

export interface Section {
  readonly to: NonNullable<LinkProps['to']>
  readonly text: MessageKey
}

/** The pages that belong together, with the present one marked. */
export function SectionTabs(props: { readonly label: string; readonly sections: readonly Section[] }) {
  const { t } = useLanguage()
  return (
    <nav className="nav tabs" aria-label={props.label}>
      {props.sections.map(({ to, text }) => (
        <Link key={to} to={to} activeProps={{ 'aria-current': 'page' }}>
          {t(text)}
        </Link>
      ))}
    </nav>
  )
}
