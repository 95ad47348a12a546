import { Button, Text } from '@mantine/core'
import type { Platform, Region } from '../api/answers.ts'
import { useLanguage } from '../i18n/language.tsx'
import { ChoiceCards } from '../parts/choice-cards.tsx'
import { Refusal } from '../parts/refusal.tsx'
import { regionName } from '../parts/region-name.ts'
import { ClientFields } from './client-fields.tsx'
import { CredentialFields } from './credential-fields.tsx'
import type { Draft } from './draft.ts'
import type { TypedHandover } from './use-handover.ts'

/** The app, what one has of its consent, and the fields for that. `onRegion`: another country can be chosen here. */
export function HandoverFields(props: {
  readonly platform: Platform
  readonly region: Region
  readonly draft: Draft
  readonly onDraft: (change: Partial<Draft>) => void
  readonly handover: TypedHandover
  readonly onRegion?: (region: string) => void
}) {
  const { platform, region, draft, onDraft, handover, onRegion } = props
  const { t } = useLanguage()
  const { kept, picked, secrets, onSecrets, contradiction } = handover
  return (
    <>
      <ClientFields
        kept={kept}
        picked={picked}
        draft={draft}
        onDraft={onDraft}
        secret={secrets.clientSecret}
        onSecret={(clientSecret) => onSecrets({ clientSecret })}
      />
      <ChoiceCards
        legend={t('wizard.kind')}
        isWide
        value={draft.kind}
        onChange={(kind) => onDraft({ kind })}
        choices={[
          {
            value: 'code' as const,
            label: t('wizard.kind.code'),
            help: t('wizard.kind.codeHelp', { minutes: Math.round((platform.codeSeconds ?? 0) / 60) }),
          },
          {
            value: 'tokens' as const,
            label: t('wizard.kind.tokens'),
            help: t('wizard.kind.tokensHelp'),
          },
        ]}
      />
      {draft.kind && (
        <CredentialFields
          platform={platform}
          kind={draft.kind}
          secrets={secrets}
          onSecrets={onSecrets}
          onKind={(kind) => onDraft({ kind })}
        />
      )}
      {contradiction && (
        <Refusal>
          <Text>
            {t('wizard.stamp', { stamped: regionName(contradiction, t), chosen: regionName(region, t) })}
          </Text>
          {onRegion && (
            <Button mt="sm" variant="default" onClick={() => onRegion(contradiction.id)}>
              {t('wizard.stampFix', { stamped: regionName(contradiction, t) })}
            </Button>
          )}
        </Refusal>
      )}
    </>
  )
}
