import { Stack } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { Grant, Platform } from '../api/answers.ts'
import { type Problem, problemOf } from '../api/api-client.ts'
import { handOver } from '../api/calls.ts'
import type { StoredClient } from '../api/clients.ts'
import { useLanguage } from '../i18n/language.tsx'
import { ChoiceCards } from '../parts/choice-cards.tsx'
import { Refusal } from '../parts/refusal.tsx'
import { useApi, useMay } from '../session.tsx'
import { typedClient } from './client-select.tsx'
import { ContinueButton } from './continue-button.tsx'
import { type Draft, emptyDraft, rememberBack } from './draft.ts'
import { FailurePanel } from './failure-panel.tsx'
import { HandoverFields } from './handover-fields.tsx'
import { LogInNow } from './log-in-now.tsx'
import { useHandover } from './use-handover.ts'
import { useRequestKey } from './use-request-key.ts'

/** What a new consent of a grant needs; platform, country and app are those of the grant. */
export function RenewForm(props: {
  readonly grant: Grant
  readonly platform: Platform
  readonly clients: readonly StoredClient[]
  readonly onGrant: (grant: string) => void
}) {
  const { grant, platform, clients, onGrant } = props
  const { t } = useLanguage()
  const api = useApi()
  const may = useMay()
  const queries = useQueryClient()
  const [draft, setDraft] = useState<Draft>(() => ({
    ...emptyDraft,
    region: grant.region,
    client: clients.find((one) => isOf(grant, one))?.id ?? typedClient,
    clientId: grant.clientId,
  }))
  const change = (part: Partial<Draft>) => setDraft((now) => ({ ...now, ...part }))
  const [problem, setProblem] = useState<Problem | null>(null)
  const [isBusy, setBusy] = useState(false)
  const requestKey = useRequestKey()
  const handover = useHandover(platform, grant.region, draft)
  const region = platform.regions.find(({ id }) => id === grant.region)
  const { way, kind } = draft

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (way !== 'preauthenticated') return
    const wanted = handover.take()
    if (wanted === null) return
    setBusy(true)
    setProblem(null)
    try {
      const { id } = await handOver(api, wanted, requestKey.of(platform.id, wanted).key)
      handover.forget()
      requestKey.forget()
      await queries.invalidateQueries({ queryKey: ['grants'] })
      onGrant(id)
    } catch (error) {
      setProblem(problemOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={(event) => void submit(event)} noValidate>
      <Stack gap="xl" maw={720}>
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
            ...(platform.consent && may('preauthentication:write')
              ? [{ value: 'login' as const, label: t('wizard.way.login'), help: t('wizard.way.loginHelp') }]
              : []),
          ]}
        />
        {way === 'login' && (
          <LogInNow
            platform={platform}
            region={grant.region}
            client={draft.client}
            onClient={(client) => change({ client })}
            clientId={draft.clientId}
            onClientId={(clientId) => change({ clientId })}
            onLeave={() => rememberBack({ kind: 'renew', grant: grant.id })}
            onGrant={onGrant}
          />
        )}
        {way === 'preauthenticated' && region && (
          <HandoverFields
            platform={platform}
            region={region}
            draft={draft}
            onDraft={change}
            handover={handover}
          />
        )}
        {handover.missing.length > 0 && (
          <Refusal>{t('wizard.missing', { fields: handover.missing.join(', ') })}</Refusal>
        )}
        {problem && <FailurePanel title="renew.failed" problem={problem} regions={platform.regions} />}
        {way === 'preauthenticated' && kind !== null && (
          <ContinueButton isBusy={isBusy} platform={platform} />
        )}
      </Stack>
    </form>
  )
}

/** Whether a grant is on this client's registration. */
export const isOf = (grant: Grant, client: StoredClient): boolean =>
  client.platform === grant.platform && client.region === grant.region && client.clientId === grant.clientId
