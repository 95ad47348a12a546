import { Alert, Button, PasswordInput, Select, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Platform } from '../api/answers.ts'
import {
  beginConsent,
  clientsQuery,
  keepClient,
  ownReturn,
  type Preauthentication,
  pasteReturn,
  startConsent,
} from '../api/consents.ts'
import { useLanguage } from '../i18n/language.tsx'
import { CopyText } from '../parts/copy-text.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { useApi } from '../session.tsx'
import { rememberWizard } from './draft.ts'

const another = 'another'

/** The organisation's own app: the user logs in at the platform now, and comes back with a grant. */
export function LogInNow(props: {
  readonly platform: Platform
  readonly region: string
  readonly clientId: string
  readonly onClientId: (text: string) => void
  readonly onGrant: (grant: string) => void
}) {
  const { platform, region, clientId, onClientId, onGrant } = props
  const { t } = useLanguage()
  const api = useApi()
  const { data } = useQuery(clientsQuery(api))
  const kept = (data ?? []).filter((client) => client.platform === platform.id && client.region === region)
  const [picked, setPicked] = useState<string | null>(null)
  const [clientSecret, setClientSecret] = useState('')
  const [begun, setBegun] = useState<Preauthentication | null>(null)
  const [pasted, setPasted] = useState('')
  const [fault, setFault] = useState<unknown>(null)
  const [isBusy, setBusy] = useState(false)
  const choice = picked ?? kept[0]?.id ?? another

  const attempt = async (work: () => Promise<void>) => {
    setBusy(true)
    setFault(null)
    await work().catch(setFault)
    setBusy(false)
  }
  const logIn = () =>
    attempt(async () => {
      const place = { platform: platform.id, region }
      const client =
        choice === another
          ? (
              await keepClient(api, {
                ...place,
                clientId: clientId.trim(),
                clientSecret,
                redirectUris: [ownReturn()],
              })
            ).id
          : choice
      setClientSecret('')
      const consent = await beginConsent(api, { ...place, client })
      if (consent.startUrl === undefined) return setBegun(consent)
      const address = await startConsent(api, new URL(consent.startUrl).hash.slice(1))
      rememberWizard(platform.id)
      location.assign(address)
    })
  const paste = () =>
    attempt(async () => {
      const { grant } = await pasteReturn(api, begun?.id ?? '', pasted)
      setPasted('')
      if (grant !== null) onGrant(grant)
    })
  const isReady = choice !== another || (clientId.trim() !== '' && clientSecret.trim() !== '')
  return (
    <Stack gap="sm" component="fieldset" className="form">
      <Text component="legend" fw={600} mb={4}>
        {t('wizard.login.app')}
      </Text>
      {kept.length > 0 && (
        <Select
          label={t('wizard.login.app')}
          value={choice}
          onChange={setPicked}
          allowDeselect={false}
          data={[
            ...kept.map((client) => ({ value: client.id, label: client.label ?? client.clientId })),
            { value: another, label: t('wizard.login.another') },
          ]}
        />
      )}
      {choice === another && (
        <>
          <Text size="sm">{t('wizard.login.register')}</Text>
          <CopyText label={t('wizard.redirectUrl')} text={ownReturn()} />
          <TextInput
            label={t('wizard.clientId')}
            autoComplete="off"
            spellCheck={false}
            value={clientId}
            onChange={(event) => onClientId(event.currentTarget.value)}
          />
          <PasswordInput
            label={t('wizard.clientSecret')}
            autoComplete="off"
            value={clientSecret}
            onChange={(event) => setClientSecret(event.currentTarget.value)}
          />
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
            <PasswordInput
              label={t('wizard.login.paste')}
              autoComplete="off"
              value={pasted}
              onChange={(event) => setPasted(event.currentTarget.value)}
            />
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
