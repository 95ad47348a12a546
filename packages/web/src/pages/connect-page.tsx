import { Button, Group, Stack, Text, Title } from '@mantine/core'
import { useEffect, useState } from 'react'
import { problemOf } from '../api/api-client.ts'
import { type ConnectAsked, type ConnectEnd, cancelLink, lookAtLink, startFromLink } from '../api/connect.ts'
import { Asked } from '../connect/asked.tsx'
import { useLanguage } from '../i18n/language.tsx'
import { BrandedFrame } from '../parts/branded-frame.tsx'
import { ConnectEnded } from '../parts/connect-ended.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { useTask } from '../parts/use-task.ts'
import { Waiting } from '../parts/waiting.tsx'
import { useApi } from '../session.tsx'

/**
 * The secret behind the `#`. It leaves the address at once, and stays with this entry of the tab's history: a reload
 * and the way back from the platform find it there.
 */
function takeSecret(): string {
  const given = location.hash.slice(1)
  const kept = (history.state as { readonly link?: unknown } | null)?.link
  if (given === '') return typeof kept === 'string' ? kept : ''
  history.replaceState({ ...history.state, link: given }, '', location.pathname)
  return given
}

/** `/app/connect#…`: a partner's customer is told who asks for what, and goes on to the platform or back. */
export function ConnectPage() {
  const { t } = useLanguage()
  const api = useApi()
  const [secret] = useState(takeSecret)
  const [asked, setAsked] = useState<ConnectAsked | null>(null)
  const [end, setEnd] = useState<ConnectEnd | null>(null)
  const [fault, setFault] = useState<unknown>(null)
  const task = useTask()
  const look = () => lookAtLink(api, secret).then(setAsked, setFault)
  useEffect(() => {
    void look()
    // Another link that is opened in this tab changes the address behind the # alone.
    const reload = () => location.reload()
    addEventListener('hashchange', reload)
    return () => removeEventListener('hashchange', reload)
  }, [secret])
  if (end !== null) return <ConnectEnded end={end} />
  if (fault !== null) {
    const isUnknown = ['NOT_FOUND', 'INVALID_REQUEST'].includes(problemOf(fault).code)
    return (
      <BrandedFrame brand={null}>
        {isUnknown ? <Text role="alert">{t('connect.unknown')}</Text> : <FaultAlert error={fault} />}
      </BrandedFrame>
    )
  }
  if (asked === null) {
    return (
      <BrandedFrame brand={null}>
        <Waiting />
      </BrandedFrame>
    )
  }
  // What the server refuses meanwhile is looked at anew, and told as what it is.
  const orLook = (work: () => Promise<void>) =>
    task.run(() =>
      work().catch((error) => {
        if (problemOf(error).code !== 'CONSENT_REFUSED') throw error
        return look()
      }),
    )
  const proceed = () => orLook(async () => location.assign(await startFromLink(api, secret)))
  const refuse = () => orLook(async () => setEnd(await cancelLink(api, secret)))
  return (
    <BrandedFrame brand={asked.brand} language={asked.language}>
      {asked.refusal === null ? (
        <Asked asked={asked}>
          {task.fault !== null && <FaultAlert error={task.fault} />}
          <Group>
            <button
              type="button"
              className="branded-button"
              disabled={task.isBusy}
              onClick={() => void proceed()}
            >
              {t('connect.proceed', { platform: asked.platformLabel })}
            </button>
            <Button variant="default" size="md" disabled={task.isBusy} onClick={() => void refuse()}>
              {t('connect.no')}
            </Button>
          </Group>
        </Asked>
      ) : (
        <Refused asked={asked} />
      )}
    </BrandedFrame>
  )
}

function Refused({ asked }: { readonly asked: ConnectAsked }) {
  const { t } = useLanguage()
  const { brand, refusal, returnUrl } = asked
  const { name } = brand
  return (
    <Stack>
      <Title order={1} size="h2">
        {t('connect.stopped')}
      </Title>
      <Text role="alert">
        {t(`connect.end.${refusal ?? 'failed'}`, { name })} {t('connect.again', { name })}
      </Text>
      {returnUrl !== null && (
        <div>
          <a className="branded-button" href={returnUrl}>
            {t('connect.back', { name })}
          </a>
        </div>
      )}
    </Stack>
  )
}
