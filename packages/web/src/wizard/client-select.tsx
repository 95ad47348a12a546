import { NativeSelect } from '@mantine/core'
import type { StoredClient } from '../api/clients.ts'
import { useLanguage } from '../i18n/language.tsx'

/** In the place of a stored client's id: one that is typed. */
export const typedClient = 'typed'

/** One of the kept clients, or another that is typed. */
export function ClientSelect(props: {
  readonly clients: readonly StoredClient[]
  readonly value: string
  readonly onChange: (client: string) => void
}) {
  const { clients, value, onChange } = props
  const { t } = useLanguage()
  const nameOf = ({ label, clientId, isInherited }: StoredClient) => {
    const name = label === null ? clientId : `${label} · ${clientId}`
    return isInherited ? t('wizard.app.inherited', { name }) : name
  }
  return (
    <NativeSelect
      label={t('wizard.app')}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      data={[
        { value: typedClient, label: t('wizard.app.typed') },
        ...clients.map((client) => ({ value: client.id, label: nameOf(client) })),
      ]}
    />
  )
}
