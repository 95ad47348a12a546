import { useLanguage } from '../i18n/language.tsx'
import { useAccess, useMay } from '../session.tsx'
import { SectionTabs } from './section-tabs.tsx'

const all = [
  { to: '/organisation/members', text: 'members.title', scope: 'admin' },
  { to: '/organisation/keys', text: 'keys.title', scope: 'admin' },
  { to: '/organisation/below', text: 'below.title', scope: null },
  { to: '/organisation/audit', text: 'audit.title', scope: 'audit:read' },
] as const

/** The pages about the organisation that the caller may see. */
export function useSections() {
  const may = useMay()
  const access = useAccess()
  return all.filter(({ scope }) => (scope === null ? access?.descendants === true : may(scope)))
}

export function OrganisationTabs() {
  const { t } = useLanguage()
  const access = useAccess()
  return <SectionTabs label={access?.organisation.name ?? t('nav.organisation')} sections={useSections()} />
}
