import { Stack } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useLanguage } from '../i18n/language.tsx'
import type { MessageKey } from '../i18n/messages.en.ts'
import { PageHeading } from '../parts/page-heading.tsx'
import { Refusal } from '../parts/refusal.tsx'

/** Why a log-in at the provider opened nothing, by the code in the address; words of others are not shown. */
const texts: Readonly<Record<string, MessageKey>> = {
  NOT_INVITED: 'refused.notInvited',
  EMAIL_NOT_VERIFIED: 'refused.notVerified',
  account_not_linked: 'refused.notVerified',
  email_not_found: 'refused.notVerified',
  access_denied: 'refused.cancelled',
  state_mismatch: 'refused.again',
  state_not_found: 'refused.again',
  issuer_mismatch: 'refused.again',
  nonce_binding_missing: 'refused.again',
  unable_to_get_user_info: 'refused.again',
}

/** `/app/refused?error=…`: where somebody lands whom the provider sent back and who was not let in. */
export function RefusedPage() {
  const { t } = useLanguage()
  const [code] = useState(() => new URLSearchParams(location.search).get('error') ?? '')
  return (
    <Stack maw={480} mx="auto">
      <PageHeading title={t('refused.title')} />
      <Refusal>{t(texts[code] ?? 'refused.unreachable')}</Refusal>
      <Link to="/databases">{t('refused.back')}</Link>
    </Stack>
  )
}
