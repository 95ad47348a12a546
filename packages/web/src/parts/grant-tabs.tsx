import { useLanguage } from '../i18n/language.tsx'
import { useMay } from '../session.tsx'
import { SectionTabs } from './section-tabs.tsx'

const all = [
  { to: '/grants', text: 'grants.title', scope: 'grants:read' },
  { to: '/preauthentications', text: 'pre.title', scope: 'preauthentication:write' },
  { to: '/connect-links', text: 'links.title', scope: 'connect:write' },
  { to: '/clients', text: 'clients.title', scope: 'clients:read' },
] as const

/** The pages about consents and the apps that they are given to, as far as the caller may see them. */
export function useGrantSections() {
  const may = useMay()
  return all.filter(({ scope }) => may(scope))
}

export function GrantTabs() {
  const { t } = useLanguage()
  return <SectionTabs label={t('nav.grants')} sections={useGrantSections()} />
}
