import { NativeSelect, Text } from '@mantine/core'
import type { HandoverClient } from '../api/calls.ts'
import type { StoredClient } from '../api/clients.ts'
import { ownReturn } from '../api/consents.ts'
import { useLanguage } from '../i18n/language.tsx'
import { ChoiceCards } from '../parts/choice-cards.tsx'
import { CopyText } from '../parts/copy-text.tsx'
import { CodeField, SecretField } from '../parts/field.tsx'
import { ClientSelect, typedClient } from '../wizard/client-select.tsx'

/** The app that is consented to, and where the browser comes back. */
export interface AppChoice {
  readonly client: string
  readonly clientId: string
  readonly clientSecret: string
  readonly returnsTo: 'own' | 'other'
  readonly redirectUri: string
}
export const noApp: AppChoice = {
  client: '',
  clientId: '',
  clientSecret: '',
  returnsTo: 'own',
  redirectUri: '',
}

const pickedOf = (kept: readonly StoredClient[], { client }: AppChoice): StoredClient | undefined =>
  client === typedClient ? undefined : (kept.find(({ id }) => id === client) ?? kept[0])

/** Of a kept client: the address that was chosen, else ours where it is registered, else its first. */
const addressOf = ({ redirectUris }: StoredClient, { redirectUri }: AppChoice): string =>
  [redirectUri, ownReturn()].find((uri) => redirectUris.includes(uri)) ?? redirectUris[0] ?? ''

export function toClient(kept: readonly StoredClient[], app: AppChoice): HandoverClient {
  const picked = pickedOf(kept, app)
  if (picked) return { id: picked.id, redirectUri: addressOf(picked, app) }
  return {
    clientId: app.clientId.trim(),
    clientSecret: app.clientSecret.trim(),
    redirectUri: app.returnsTo === 'own' ? ownReturn() : app.redirectUri.trim(),
  }
}

export function AppFields(props: {
  readonly kept: readonly StoredClient[]
  readonly app: AppChoice
  readonly onApp: (change: Partial<AppChoice>) => void
}) {
  const { kept, app, onApp } = props
  const { t } = useLanguage()
  const picked = pickedOf(kept, app)
  const address = picked && addressOf(picked, app)
  return (
    <>
      {kept.length > 0 && (
        <ClientSelect
          clients={kept}
          value={picked?.id ?? typedClient}
          onChange={(client) => onApp({ client })}
        />
      )}
      {picked && picked.redirectUris.length > 1 && (
        <NativeSelect
          label={t('wizard.redirectUrl')}
          value={address}
          data={[...picked.redirectUris]}
          onChange={(event) => onApp({ redirectUri: event.currentTarget.value })}
        />
      )}
      {picked && (
        <Text size="sm">{t(address === ownReturn() ? 'pre.return.ownHelp' : 'pre.return.otherHelp')}</Text>
      )}
      {!picked && (
        <>
          <CodeField
            label={t('wizard.clientId')}
            required
            value={app.clientId}
            onText={(clientId) => onApp({ clientId })}
          />
          <SecretField
            label={t('wizard.clientSecret')}
            required
            value={app.clientSecret}
            onText={(clientSecret) => onApp({ clientSecret })}
          />
          <ChoiceCards
            legend={t('pre.return')}
            isWide
            value={app.returnsTo}
            onChange={(returnsTo) => onApp({ returnsTo })}
            choices={[
              { value: 'own' as const, label: t('pre.return.own'), help: t('pre.return.ownHelp') },
              { value: 'other' as const, label: t('pre.return.other'), help: t('pre.return.otherHelp') },
            ]}
          />
          {app.returnsTo === 'own' ? (
            <div>
              <Text size="sm" mb={4}>
                {t('pre.return.register')}
              </Text>
              <CopyText label={t('wizard.redirectUrl')} text={ownReturn()} />
            </div>
          ) : (
            <CodeField
              label={t('wizard.redirectUrl')}
              description={t('wizard.redirectUrlHelp')}
              type="url"
              required
              value={app.redirectUri}
              onText={(redirectUri) => onApp({ redirectUri })}
            />
          )}
        </>
      )}
    </>
  )
}
