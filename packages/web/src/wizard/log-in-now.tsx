import { Alert, Button, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import type { Platform } from '../api/answers.ts'
import { keepClient } from '../api/clients.ts'
import {
  type BegunPreauthentication,
  beginConsent,
  ownReturn,
  pasteReturn,
  startConsent,
} from '../api/consents.ts'
import { useLanguage } from '../i18n/language.tsx'
import { CopyText } from '../parts/copy-text.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { CodeField, SecretField } from '../parts/field.tsx'
import { useApi } from '../session.tsx'
import { ClientSelect, typedClient } from './client-select.tsx'
import { useKeptClients } from './kept-clients.ts'

/** The organisation's own app: the user logs in at the platform now, and comes back with a grant. */
export function LogInNow(props: {
  readonly platform: Platform
  readonly region: string
  readonly client: string | null
  readonly onClient: (client: string) => void
  readonly clientId: string
  readonly onClientId: (text: string) => void
  /** The browser goes to the platform now. */
  readonly onLeave: () => void
  readonly onGrant: (grant: string) => void
}) {
  const { platform, region, client: picked, onClient, clientId, onClientId, onLeave, onGrant } = props
  const { t } = useLanguage()
  const api = useApi()
  const kept = useKeptClients(platform.id, region)
  const [clientSecret, setClientSecret] = useState('')
  const [begun, setBegun] = useState<BegunPreauthentication | null>(null)
  const [pasted, setPasted] = useState('')
  const [fault, setFault] = useState<unknown>(null)
  const [isBusy, setBusy] = useState(false)
  const isTyped = picked === typedClient || kept.length === 0
  const choice = isTyped ? typedClient : (kept.find(({ id }) => id === picked) ?? kept[0])?.id

  const attempt = async (work: () => Promise<void>) => {
    setBusy(true)
    setFault(null)
    await work().catch(setFault)
    setBusy(false)
  }
  const logIn = () =>
    attempt(async () => {
      const place = { platform: platform.id, region }
      const { id: client } =
        kept.find(({ id }) => id === choice) ??
        (await keepClient(api, {
          ...place,
          clientId: clientId.trim(),
          clientSecret,
          redirectUris: [ownReturn()],
        }))
      setClientSecret('')
      const consent = await beginConsent(api, { ...place, client })
      if (consent.startUrl === undefined) return setBegun(consent)
      const address = await startConsent(api, new URL(consent.startUrl).hash.slice(1))
      onLeave()
      location.assign(address)
    })
  const paste = () =>
    attempt(async () => {
      const { grant } = await pasteReturn(api, begun?.id ?? '', pasted)
      setPasted('')
      if (grant !== null) onGrant(grant)
    })
  const isReady = !isTyped || (clientId.trim() !== '' && clientSecret.trim() !== '')
  return (
    <Stack gap="sm" component="fieldset" className="form">
      <Text component="legend" fw={600} mb={4}>
        {t('wizard.login.app')}
      </Text>
      {kept.length > 0 && <ClientSelect clients={kept} value={choice ?? typedClient} onChange={onClient} />}
      {isTyped && (
        <>
          <Text size="sm">{t('wizard.login.register')}</Text>
          <CopyText label={t('wizard.redirectUrl')} text={ownReturn()} />
          <CodeField label={t('wizard.clientId')} value={clientId} onText={onClientId} />
          <SecretField label={t('wizard.clientSecret')} value={clientSecret} onText={setClientSecret} />
        </>
      )}
      {fault !== null && <FaultAlert error={fault} />}
      {begun === null && (
        <div>
          <Button type="button" size="md" loading={isBusy} disabled={!isReady} onClick={() => void logIn()}>
            {t('wizard.login.go', { platform: platform.label })}
          </Button>
        </div>
      )}
      {begun !== null && (
        <Alert variant="light">
          <Stack gap="sm">
            <Text>{t('wizard.login.elsewhere')}</Text>
            <a href={begun.authorizeUrl} target="_blank" rel="noreferrer">
              {t('wizard.login.open', { platform: platform.label })}
            </a>
            <SecretField label={t('wizard.login.paste')} value={pasted} onText={setPasted} />
            <div>
              <Button type="button" loading={isBusy} disabled={pasted === ''} onClick={() => void paste()}>
                {t('wizard.continue')}
              </Button>
            </div>
          </Stack>
        </Alert>
      )}
    </Stack>
  )
}
