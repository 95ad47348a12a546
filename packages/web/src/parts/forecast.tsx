import type { Grant } from '../api/answers.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'

/** When a grant ends if nothing happens. */
export function Forecast({ grant }: { readonly grant: Grant }) {
  const { t } = useLanguage()
  const { date, moment } = useMoments()
  if (grant.state === 'needs_consent' || grant.state === 'revoked') return <>{t('grants.ended')}</>
  if (grant.refreshToken === null) {
    if (grant.accessToken === null) return <>{t('grants.ended')}</>
    return <>{t('grants.untilAccess', { date: moment(grant.accessToken.expiresAt) })}</>
  }
  const { idleExpiresAt, absoluteExpiresAt } = grant.refreshToken
  const ends = [idleExpiresAt, absoluteExpiresAt].filter((end) => end !== null).sort()
  return <>{ends[0] === undefined ? t('grants.endless') : t('grants.dies', { date: date(ends[0]) })}</>
}
