import { Link } from '@tanstack/react-router'
import { useLanguage } from '../i18n/language.tsx'

/** The pages of one database. */
export function DatabaseNav({ name }: { readonly name: string }) {
  const { t } = useLanguage()
  const active = { activeProps: { 'aria-current': 'page' as const }, params: { name } }
  return (
    <nav className="nav below" aria-label={t('database.pages')}>
      <Link to="/databases/$name" activeOptions={{ exact: true }} {...active}>
        {t('database.overview')}
      </Link>
      <Link to="/databases/$name/sql" {...active}>
        {t('database.sql')}
      </Link>
      <Link to="/databases/$name/tables" {...active}>
        {t('database.tables')}
      </Link>
      <Link to="/databases/$name/activity" {...active}>
        {t('database.activity')}
      </Link>
    </nav>
  )
}
