import { Button, Group, NativeSelect, Table, Text, TextInput } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { AuditEvent, AuditKind } from '../api/people-answers.ts'
import { type AuditFilter, auditQuery, exportAudit } from '../api/people-calls.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { useActName } from '../parts/act-name.ts'
import { useActorName } from '../parts/actor.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { ListTable } from '../parts/list-table.tsx'
import { OrganisationTabs } from '../parts/organisation-tabs.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { useTask } from '../parts/use-task.ts'
import { Waiting } from '../parts/waiting.tsx'
import { useApi } from '../session.tsx'

/** All that the API knows: one that lacks here does not compile. */
const kinds = Object.keys({
  person: true,
  member: true,
  invitation: true,
  contact: true,
  key: true,
  keys: true,
  organisation: true,
  client: true,
  handover: true,
  grant: true,
  token: true,
  preauthentication: true,
  'connect-settings': true,
  'connect-link': true,
  database: true,
  statement: true,
  query: true,
  webhook: true,
  process: true,
  audit: true,
} satisfies Record<AuditKind, true>) as readonly AuditKind[]

/** The filter as its address tells it; what is no filter counts as none. */
const formIn = (search: Readonly<Record<string, unknown>>) => {
  const text = (name: string) => (typeof search[name] === 'string' ? search[name] : '')
  const day = (name: string) => (/^\d{4}-\d\d-\d\d$/.test(text(name)) ? text(name) : '')
  const kind = kinds.find((known) => known === search.kind) ?? ''
  return { kind, actor: text('actor'), from: day('from'), until: day('until') } as const
}

/** A day as people type it, in their own time zone, as the moment at which it begins. */
const startOf = (day: string, later = 0) => {
  if (!day) return undefined
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return new Date(year, month - 1, date + later).toISOString()
}

/** What everybody and every key did, with a filter and as a file. */
export function AuditPage() {
  const { t } = useLanguage()
  const api = useApi()
  const navigate = useNavigate()
  // In the address, so that what somebody found can be shown to another.
  const form = formIn(useSearch({ strict: false }))
  const from = startOf(form.from)
  const until = startOf(form.until, 1)
  const filter: AuditFilter = {
    ...(form.kind ? { kind: form.kind } : {}),
    ...(form.actor ? { actor: form.actor } : {}),
    ...(from ? { from } : {}),
    ...(until ? { until } : {}),
  }
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery(
    auditQuery(api, filter),
  )
  const nameOf = useActorName()
  const { fault, isBusy, run } = useTask()
  const events = data?.pages.flat()
  const change = (part: Partial<typeof form>) =>
    navigate({
      to: '/organisation/audit',
      search: Object.fromEntries(Object.entries({ ...form, ...part }).filter(([, value]) => value !== '')),
      replace: true,
    })
  const actorSeen = events?.find(({ actor }) => actor === form.actor)
  const save = (format: 'csv' | 'ndjson') => run(() => exportAudit(api, filter, format))
  return (
    <>
      <OrganisationTabs />
      <PageHeading title={t('audit.title')}>
        <Group gap="xs">
          <Button variant="default" size="xs" loading={isBusy} onClick={() => void save('csv')}>
            {t('audit.csv')}
          </Button>
          <Button variant="default" size="xs" loading={isBusy} onClick={() => void save('ndjson')}>
            {t('audit.json')}
          </Button>
        </Group>
      </PageHeading>
      {fault !== null && <FaultAlert error={fault} />}
      <Group align="flex-end" gap="sm" mb="md">
        <NativeSelect
          label={t('audit.about')}
          value={form.kind}
          data={[
            { value: '', label: t('audit.everything') },
            ...kinds
              .map((kind) => ({ value: kind as string, label: t(`audit.kind.${kind}`) }))
              .sort((a, b) => a.label.localeCompare(b.label)),
          ]}
          onChange={(event) => void change({ kind: event.currentTarget.value as AuditKind | '' })}
        />
        <TextInput
          type="date"
          label={t('audit.from')}
          value={form.from}
          onChange={(event) => void change({ from: event.currentTarget.value })}
        />
        <TextInput
          type="date"
          label={t('audit.until')}
          value={form.until}
          onChange={(event) => void change({ until: event.currentTarget.value })}
        />
        {form.actor && (
          <Button variant="default" onClick={() => void change({ actor: '' })}>
            {t('audit.onlyBy', { name: actorSeen ? nameOf(actorSeen) : form.actor })} ✕
          </Button>
        )}
      </Group>
      {error && <FaultAlert error={error} onRetry={() => void refetch()} />}
      {!events && !error && <Waiting />}
      {events?.length === 0 && <Text>{t('audit.empty')}</Text>}
      {events && events.length > 0 && (
        <ListTable
          label={t('audit.title')}
          heads={[t('common.when'), t('grant.by'), t('grant.event'), t('audit.subject'), t('audit.facts')]}
        >
          {events.map((event) => (
            <EventRow key={event.id} event={event} onActor={() => void change({ actor: event.actor })} />
          ))}
        </ListTable>
      )}
      {hasNextPage && (
        <Button mt="md" variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t('audit.more')}
        </Button>
      )}
    </>
  )
}

function EventRow({ event, onActor }: { readonly event: AuditEvent; readonly onActor: () => void }) {
  const { t } = useLanguage()
  const { moment } = useMoments()
  const name = useActorName()(event)
  const act = useActName()(event.action)
  const facts = Object.entries(event.facts)
    .map(([fact, value]) => `${fact}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(', ')
  return (
    <Table.Tr>
      <Table.Td>{moment(event.at)}</Table.Td>
      <Table.Td>
        <Button
          variant="subtle"
          size="compact-sm"
          title={event.actor}
          aria-label={t('audit.onlyBy', { name })}
          onClick={onActor}
        >
          {name}
        </Button>
      </Table.Td>
      <Table.Td title={event.action}>{act}</Table.Td>
      <Table.Td className="break">{event.subject}</Table.Td>
      <Table.Td className="cell" title={facts}>
        {facts}
      </Table.Td>
    </Table.Tr>
  )
}
