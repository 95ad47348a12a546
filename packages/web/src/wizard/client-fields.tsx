import { NativeSelect, Stack, Text } from '@mantine/core'
import type { StoredClient } from '../api/clients.ts'
import { useLanguage } from '../i18n/language.tsx'
import { CodeField, SecretField } from '../parts/field.tsx'
import { ClientSelect, typedClient } from './client-select.tsx'
import type { Draft } from './draft.ts'

/** The app of a consent: one that is kept, or its ID, secret and address as typed. */
export function ClientFields(props: {
  readonly kept: readonly StoredClient[]
  readonly picked: StoredClient | undefined
  readonly draft: Draft
  readonly onDraft: (change: Partial<Draft>) => void
  readonly secret: string
  readonly onSecret: (text: string) => void
}) {
  const { kept, picked, draft, onDraft, secret, onSecret } = props
  const { t } = useLanguage()
  return (
    <Stack gap="sm" component="fieldset" className="form">
      <Text component="legend" fw={600} mb={4}>
        {t('wizard.client')}
      </Text>
      {kept.length > 0 && (
        <ClientSelect
          clients={kept}
          value={picked?.id ?? typedClient}
          onChange={(client) => onDraft({ client })}
        />
      )}
      {picked && picked.redirectUris.length > 1 && (
        <NativeSelect
          label={t('wizard.redirectUrl')}
          description={t('wizard.redirectUrlOfConsent')}
          value={redirectOf(picked, draft)}
          data={[...picked.redirectUris]}
          onChange={(event) => onDraft({ redirectUri: event.currentTarget.value })}
        />
      )}
      {!picked && (
        <>
          <CodeField
            label={t('wizard.clientId')}
            value={draft.clientId}
            onText={(clientId) => onDraft({ clientId })}
          />
          <SecretField label={t('wizard.clientSecret')} value={secret} onText={onSecret} />
          <CodeField
            label={t('wizard.redirectUrl')}
            description={t('wizard.redirectUrlHelp')}
            type="url"
            value={draft.redirectUri}
            onText={(redirectUri) => onDraft({ redirectUri })}
          />
        </>
      )}
    </Stack>
  )
}

/** The address of a kept client that the consent came back to: the one that was chosen, else its first. */
export const redirectOf = ({ redirectUris }: StoredClient, { redirectUri }: Draft): string =>
  redirectUris.includes(redirectUri) ? redirectUri : (redirectUris[0] ?? '')
