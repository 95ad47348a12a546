import { Alert, Button, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { NameField, NewPasswordField } from '../account/person-fields.tsx'
import type { InvitationPreview } from '../api/people-answers.ts'
import { acceptInvitation, previewInvitation } from '../api/people-calls.ts'
import { useLanguage } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { Refusal } from '../parts/refusal.tsx'
import { useTask } from '../parts/use-task.ts'
import { useTokenOfLink } from '../parts/use-token-of-link.ts'
import { Waiting } from '../parts/waiting.tsx'
import { useApi, useSession } from '../session.tsx'
import { PasswordForm } from './login-page.tsx'

/** `/app/invitation#token=…`: whoever it is for becomes a member, as somebody new or as who they are already. */
export function InvitationPage() {
  const { t } = useLanguage()
  const api = useApi()
  const token = useTokenOfLink()
  const { data, error } = useQuery({
    // Not under the token: what is remembered is in the page's memory longer than needed.
    queryKey: ['invitation'],
    queryFn: () => previewInvitation(api, token ?? ''),
    enabled: token !== null,
    staleTime: Number.POSITIVE_INFINITY,
  })
  return (
    <Stack maw={480} mx="auto">
      <PageHeading title={t('invitation.title')} />
      {token === null && <Alert color="red">{t('link.incomplete')}</Alert>}
      {error && <Refusal>{t('invitation.dead')}</Refusal>}
      {token !== null && !data && !error && <Waiting />}
      {token !== null && data && <Take token={token} invitation={data} />}
    </Stack>
  )
}

function Take({ token, invitation }: { readonly token: string; readonly invitation: InvitationPreview }) {
  const { t } = useLanguage()
  const { standing, logOut } = useSession()
  const { organisation, email, role, isKnown } = invitation
  const person = standing.kind === 'in' ? standing.session.person : null
  return (
    <>
      <Text>
        {t('invitation.lead', { organisation: organisation.name, email, role: t(`role.${role}`) })}{' '}
        {t(`role.${role}.may`)}
      </Text>
      {person !== null && person.email === email && <Accept token={token} invitation={invitation} />}
      {person !== null && person.email !== email && (
        <>
          <Alert>{t('invitation.other', { email: person.email })}</Alert>
          <Button variant="default" onClick={() => void logOut()}>
            {t('nav.logOut')}
          </Button>
        </>
      )}
      {person === null && isKnown && (
        <>
          <Text>{t('invitation.known')}</Text>
          <PasswordForm />
        </>
      )}
      {person === null && !isKnown && <Accept token={token} invitation={invitation} asNew />}
    </>
  )
}

function Accept(props: {
  readonly token: string
  readonly invitation: InvitationPreview
  readonly asNew?: boolean
}) {
  const { t } = useLanguage()
  const { api, ask } = useSession()
  const navigate = useNavigate()
  const [name, setName] = useState('')
  const [password, setPassword] = useState('')
  const { fault, isBusy, onSubmit } = useTask()
  const { id } = props.invitation.organisation
  const submit = onSubmit(async () => {
    await acceptInvitation(api, props.token, props.asNew ? { name: name.trim(), password } : null)
    await ask(id)
    await navigate({ to: '/databases', search: { organisation: id } })
  })
  return (
    <form onSubmit={submit}>
      <Stack>
        {props.asNew && (
          <>
            <NameField value={name} onText={setName} />
            <NewPasswordField label={t('login.password')} value={password} onText={setPassword} />
          </>
        )}
        {fault !== null && <FaultAlert error={fault} />}
        <Button type="submit" loading={isBusy}>
          {t('invitation.accept')}
        </Button>
      </Stack>
    </form>
  )
}
