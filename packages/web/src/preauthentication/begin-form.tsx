import { Button, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Platform } from '../api/answers.ts'
import { problemOf } from '../api/api-client.ts'
import { clientsQuery } from '../api/clients.ts'
import { type BegunPreauthentication, beginConsent, type Output, outputs } from '../api/consents.ts'
import { useLanguage } from '../i18n/language.tsx'
import { ChoiceCards } from '../parts/choice-cards.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { CodeField, TextField } from '../parts/field.tsx'
import { type Place, PlaceFields } from '../parts/place-fields.tsx'
import { useTask } from '../parts/use-task.ts'
import { Waiting } from '../parts/waiting.tsx'
import { useApi, useMay } from '../session.tsx'
import { useKeptClients } from '../wizard/kept-clients.ts'
import { AppFields, noApp, toClient } from './app-fields.tsx'
import { ChainWarning } from './chain-warning.tsx'

/** Asks for a consent: of whom, at which platform, for which app, and what is to become of it. */
export function BeginForm(props: {
  readonly platforms: readonly Platform[]
  readonly place: Place
  readonly client: string
  readonly onBegun: (begun: BegunPreauthentication) => Promise<void>
}) {
  const { t } = useLanguage()
  const api = useApi()
  const [place, setPlace] = useState(props.place)
  const [app, setApp] = useState({ ...noApp, client: props.client })
  const [output, setOutput] = useState<Output>('grant')
  const [label, setLabel] = useState('')
  const [externalId, setExternalId] = useState('')
  const [scopes, setScopes] = useState('')
  const [isConfirmed, setConfirmed] = useState(false)
  const { fault, isBusy, onSubmit } = useTask()
  const platform = props.platforms.find(({ id }) => id === place.platform)
  const kept = useKeptClients(place.platform, place.region)
  // What is kept decides which fields there are.
  const { isLoading } = useQuery({ ...clientsQuery(api), enabled: useMay()('clients:read') })
  const asked = platform?.consent?.scopes ?? null
  const problem = fault === null ? null : problemOf(fault)
  const isWarned = problem?.code === 'CONSENT_WOULD_END_CHAIN'

  const submit = onSubmit(async () => {
    const wanted = scopes.split(/\s+/).filter((scope) => scope !== '')
    const begun = await beginConsent(api, {
      ...place,
      client: toClient(kept, app),
      output,
      ...(asked !== null && wanted.length > 0 ? { scopes: wanted } : {}),
      ...(label.trim() === '' ? {} : { label: label.trim() }),
      ...(externalId.trim() === '' ? {} : { externalId: externalId.trim() }),
      ...(isConfirmed ? { confirmed: true } : {}),
    })
    setApp((now) => ({ ...now, clientSecret: '' }))
    await props.onBegun(begun)
  })
  return (
    <form onSubmit={submit}>
      <Stack gap="md" maw={640}>
        <PlaceFields
          platforms={props.platforms}
          value={place}
          onChange={(next) => {
            setPlace(next)
            setApp((now) => ({ ...now, client: '' }))
          }}
        />
        {isLoading && <Waiting />}
        {platform && place.region !== '' && !isLoading && (
          <>
            <AppFields
              key={`${place.platform} ${place.region}`}
              kept={kept}
              app={app}
              onApp={(change) => setApp((now) => ({ ...now, ...change }))}
            />
            <TextField
              label={t('pre.label')}
              description={t('pre.labelHelp')}
              maxLength={200}
              value={label}
              onText={setLabel}
            />
            <CodeField
              label={t('pre.externalId')}
              description={t('pre.externalIdHelp')}
              maxLength={200}
              value={externalId}
              onText={setExternalId}
            />
            {asked && (
              <CodeField
                label={t('pre.scopes')}
                description={t('pre.scopesHelp', {
                  usual: asked.usual.join(' ') || t('common.none'),
                  always: asked.always.join(' ') || t('common.none'),
                })}
                value={scopes}
                onText={setScopes}
              />
            )}
            <ChoiceCards
              legend={t('pre.output')}
              isWide
              value={output}
              onChange={(next) => {
                setOutput(next)
                setConfirmed(false)
              }}
              choices={outputs.map((value) => ({
                value,
                label: t(`pre.output.${value}`),
                help: t(`pre.output.${value}Help`),
              }))}
            />
            {isWarned && output !== 'grant' && (
              <ChainWarning problem={problem} isConfirmed={isConfirmed} onConfirm={setConfirmed} />
            )}
            {fault !== null && !isWarned && <FaultAlert error={fault} />}
            <div>
              <Button
                type="submit"
                loading={isBusy}
                disabled={isWarned && output !== 'grant' && !isConfirmed}
              >
                {t('pre.begin')}
              </Button>
            </div>
          </>
        )}
      </Stack>
    </form>
  )
}
