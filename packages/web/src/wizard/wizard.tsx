import { Select, Stack, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { Grant, Platform } from '../api/answers.ts'
import { type Problem, problemOf } from '../api/api-client.ts'
import { grantsQuery, registerFromCredentials, registerOnGrant } from '../api/calls.ts'
import { useLanguage } from '../i18n/language.tsx'
import { ChoiceCards } from '../parts/choice-cards.tsx'
import { Flag } from '../parts/flag.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { Refusal } from '../parts/refusal.tsx'
import { regionName } from '../parts/region-name.ts'
import { useApi } from '../session.tsx'
import { ContinueButton } from './continue-button.tsx'
import { DonePanel } from './done-panel.tsx'
import { emptyDraft, rememberBack, useDraft } from './draft.ts'
import { FailurePanel } from './failure-panel.tsx'
import { HandoverFields } from './handover-fields.tsx'
import { LogInNow } from './log-in-now.tsx'
import { slugOf } from './platform-facts.ts'
import { useHandover } from './use-handover.ts'
import { useRequestKey } from './use-request-key.ts'

interface Made {
  readonly database: string
  readonly grant: Grant
}

/** Country → way → app → code or tokens → Continue → a database that is usable. Each answer opens the next question. */
export function Wizard({ platform }: { readonly platform: Platform }) {
  const { t } = useLanguage()
  const api = useApi()
  const queries = useQueryClient()
  const [draft, change] = useDraft(platform.id)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [isBusy, setBusy] = useState(false)
  const [made, setMade] = useState<Made | null>(null)
  const requestKey = useRequestKey()
  const { way, kind } = draft
  // Where there is one place to log in, nobody is asked for it.
  const [only, ...others] = platform.regions
  const region = draft.region ?? (others.length === 0 ? (only?.id ?? null) : null)
  const isByCountry = platform.regions.filter(({ isOperators }) => !isOperators).length > 1
  const chosen = platform.regions.find(({ id }) => id === region)
  const handover = useHandover(platform, region, draft)
  const { missing, say } = handover

  const register = async (work: () => Promise<Made>) => {
    setBusy(true)
    setProblem(null)
    try {
      setMade(await work())
      handover.forget()
      requestKey.forget()
      const { client, clientId, redirectUri } = draft
      change({ ...emptyDraft, region, client, clientId, redirectUri })
      void queries.invalidateQueries({ queryKey: ['databases'] })
      void queries.invalidateQueries({ queryKey: ['grants'] })
    } catch (error) {
      setProblem(problemOf(error))
    } finally {
      setBusy(false)
    }
  }
  const onGrant = (grant: string) => {
    const { name } = requestKey.of(slugOf(platform.id), { grant })
    return register(() => registerOnGrant(api, name, grant))
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (way === 'login') return
    if (way === 'grant') {
      if (draft.grant) void onGrant(draft.grant)
      else say([t('wizard.grant')])
      return
    }
    const wanted = handover.take()
    if (wanted === null) return
    const { name, key } = requestKey.of(slugOf(platform.id), wanted)
    void register(() => registerFromCredentials(api, name, wanted, key))
  }

  if (made) return <DonePanel {...made} platform={platform} onAnother={() => setMade(null)} />
  const isReady = way === 'grant' || (way === 'preauthenticated' && kind !== null)
  return (
    <form onSubmit={submit} noValidate>
      <PageHeading title={t('wizard.title', { platform: platform.label })} />
      <Stack gap="xl" maw={720}>
        <ChoiceCards
          legend={t(isByCountry ? 'wizard.country' : 'wizard.place')}
          help={t(isByCountry ? 'wizard.countryHelp' : 'wizard.placeHelp')}
          value={region}
          onChange={(next) => change({ region: next, grant: null })}
          choices={platform.regions.map((one) => ({
            value: one.id,
            label: regionName(one, t),
            icon: <Flag region={one.isOperators ? '' : one.id} />,
            ...(one.isOperators ? { help: t('wizard.own') } : {}),
          }))}
        />
        {chosen && (
          <ChoiceCards
            legend={t('wizard.way')}
            isWide
            value={way}
            onChange={(next) => change({ way: next })}
            choices={[
              {
                value: 'preauthenticated' as const,
                label: t('wizard.way.preauthenticated'),
                help: t('wizard.way.preauthenticatedHelp'),
              },
              ...(platform.consent
                ? [{ value: 'login' as const, label: t('wizard.way.login'), help: t('wizard.way.loginHelp') }]
                : []),
              { value: 'grant' as const, label: t('wizard.way.grant'), help: t('wizard.way.grantHelp') },
            ]}
          />
        )}
        {chosen && way === 'login' && (
          <LogInNow
            key={chosen.id}
            platform={platform}
            region={chosen.id}
            client={draft.client}
            onClient={(client) => change({ client })}
            clientId={draft.clientId}
            onClientId={(clientId) => change({ clientId })}
            onLeave={() => rememberBack({ kind: 'wizard', platform: platform.id })}
            onGrant={(grant) => void onGrant(grant)}
          />
        )}
        {chosen && way === 'grant' && (
          <GrantField
            platform={platform}
            region={chosen.id}
            value={draft.grant}
            onChange={(grant) => change({ grant })}
          />
        )}
        {chosen && way === 'preauthenticated' && (
          <HandoverFields
            platform={platform}
            region={chosen}
            draft={draft}
            onDraft={change}
            handover={handover}
            onRegion={(next) => change({ region: next })}
          />
        )}
        {missing.length > 0 && <Refusal>{t('wizard.missing', { fields: missing.join(', ') })}</Refusal>}
        {problem && (
          <FailurePanel
            title="wizard.failed"
            problem={problem}
            regions={platform.regions}
            onRegion={(next) => {
              change({ region: next })
              setProblem(null)
            }}
            onGrant={(grant) => void onGrant(grant)}
          />
        )}
        {chosen && isReady && <ContinueButton isBusy={isBusy} platform={platform} />}
      </Stack>
    </form>
  )
}

/** The organisation's usable grants of this platform and country. */
function GrantField(props: {
  readonly platform: Platform
  readonly region: string
  readonly value: string | null
  readonly onChange: (grant: string | null) => void
}) {
  const { platform, region, value, onChange } = props
  const { t } = useLanguage()
  const { data } = useQuery(grantsQuery(useApi()))
  const usable = (data ?? []).filter(
    (grant) =>
      grant.platform === platform.id &&
      grant.region === region &&
      ['active', 'refreshing'].includes(grant.state),
  )
  if (data && usable.length === 0) return <Text>{t('wizard.grant.none')}</Text>
  return (
    <Select
      label={t('wizard.grant')}
      searchable
      value={usable.some(({ id }) => id === value) ? value : null}
      onChange={onChange}
      data={usable.map((grant) => ({
        value: grant.id,
        label: [grant.label ?? grant.platformUser?.name ?? t('grant.unknownUser'), grant.clientId].join(
          ' · ',
        ),
      }))}
    />
  )
}
