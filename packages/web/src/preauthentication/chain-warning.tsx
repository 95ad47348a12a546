import { Checkbox, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Problem } from '../api/api-client.ts'
import { useLanguage } from '../i18n/language.tsx'
import { Refusal } from '../parts/refusal.tsx'

/** The grants whose chain a consent for use elsewhere may end, and a person's word that it was read. */
export function ChainWarning(props: {
  readonly problem: Problem
  readonly isConfirmed: boolean
  readonly onConfirm: (isConfirmed: boolean) => void
}) {
  const { t } = useLanguage()
  const { grants } = props.problem
  const known = Array.isArray(grants) ? (grants as { id: string; name: string | null }[]) : []
  return (
    <Refusal title={t('pre.chain')}>
      <Text size="sm">{t('pre.chainHelp')}</Text>
      <ul className="plain">
        {known.map(({ id, name }) => (
          <li key={id}>
            <Link to="/grants/$id" params={{ id }}>
              {name ?? t('grant.unknownUser')}
            </Link>
          </li>
        ))}
      </ul>
      <Checkbox
        size="md"
        mt="sm"
        label={t('pre.chainConfirm')}
        checked={props.isConfirmed}
        onChange={(event) => props.onConfirm(event.currentTarget.checked)}
      />
    </Refusal>
  )
}
