import { Select } from '@mantine/core'
import { useLocation, useNavigate } from '@tanstack/react-router'
import type { Organisation } from '../api/answers.ts'
import { useLanguage } from '../i18n/language.tsx'

/** The list that is nearest to this page and that every organisation has. */
const listAt = (pathname: string): string => {
  const [, section = ''] = /^(?:\/app)?(\/organisation\/[a-z-]+|\/[a-z-]+)/.exec(pathname) ?? []
  return /^\/(organisation\/|grants|account)/.test(section) ? section : '/databases'
}

/** Which organisation is looked at; a partner with 500 customers types a part of the name. */
export function OrganisationSwitcher(props: {
  readonly reached: readonly Organisation[]
  readonly current: string | null
  readonly isInDrawer: boolean
}) {
  const { t } = useLanguage()
  const navigate = useNavigate()
  const { pathname } = useLocation()
  const names = new Map(props.reached.map(({ id, name }) => [id, name]))
  const labelOf = ({ name, parentId }: Organisation) => {
    const above = names.get(parentId ?? '')
    return above === undefined ? name : `${name} (${above})`
  }
  return (
    <Select
      {...(props.isInDrawer ? { size: 'sm' } : { size: 'xs', w: 160 })}
      comboboxProps={{ withinPortal: !props.isInDrawer }}
      aria-label={t('nav.switch')}
      data={props.reached.map((one) => ({ value: one.id, label: labelOf(one) }))}
      value={props.current}
      searchable
      limit={200}
      allowDeselect={false}
      nothingFoundMessage={t('common.none')}
      onChange={(organisation) => {
        if (organisation) void navigate({ to: listAt(pathname) as '/databases', search: { organisation } })
      }}
    />
  )
}
