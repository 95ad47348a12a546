import { Button, Card, Checkbox, Group, Stack, Switch, Text, TextInput, Title } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import type { Database, Source } from '../api/answers.ts'
import {
  choosePartitions,
  databaseQuery,
  deleteDatabase,
  partitionsQuery,
  statementsQuery,
} from '../api/calls.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { CopyText } from '../parts/copy-text.tsx'
import { DatabaseKeys } from '../parts/database-keys.tsx'
import { DatabaseNav } from '../parts/database-nav.tsx'
import { DatabaseSettings } from '../parts/database-settings.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { StatementTable } from '../parts/statement-table.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { May, useApi } from '../session.tsx'

/** One database: sources with their companies, where to connect, what ran, and its end. */
export function DatabasePage() {
  const { t } = useLanguage()
  const api = useApi()
  const { name = '' } = useParams({ strict: false })
  const { data: database, error, refetch } = useQuery(databaseQuery(api, name))
  if (error) return <FaultAlert error={error} onRetry={() => void refetch()} />
  if (!database) return <Waiting />
  const address = `${location.origin}/api/v1/databases/${encodeURIComponent(name)}/query`
  return (
    <>
      <PageHeading title={database.title ?? database.name} />
      <DatabaseNav name={database.name} />
      <Stack gap="lg">
        <section>
          <Text size="sm" mb={4}>
            {t('done.address')}
          </Text>
          <CopyText label={t('done.address')} text={address} />
        </section>
        {database.sources.map((source) => (
          <SourceCard key={source.alias} database={database} source={source} />
        ))}
        <May scope="databases:write">
          <DatabaseKeys name={database.name} />
          <DatabaseSettings database={database} />
        </May>
        <Statements name={database.name} />
        <May scope="databases:write">
          <Delete name={database.name} />
        </May>
      </Stack>
    </>
  )
}

function SourceCard({ database, source }: { readonly database: Database; readonly source: Source }) {
  const { t } = useLanguage()
  const [isOpen, setOpen] = useState(false)
  return (
    <Card withBorder component="section" aria-label={source.alias}>
      <Group justify="space-between">
        <Title order={2} size="h4">
          {source.alias}
        </Title>
        <May scope="grants:read">
          <Link to="/grants/$id" params={{ id: source.grant }}>
            {t('wizard.grant')}
          </Link>
        </May>
      </Group>
      <Text my="xs">
        {t('database.partitions')}:{' '}
        {source.partitions === 'all'
          ? t('database.all')
          : t('database.some', { count: source.partitions.length })}
      </Text>
      {isOpen ? (
        <PartitionPicker database={database} source={source} onDone={() => setOpen(false)} />
      ) : (
        <May scope="databases:write">
          <Group>
            <Button variant="default" size="xs" onClick={() => setOpen(true)}>
              {t('database.choose')}
            </Button>
          </Group>
        </May>
      )}
    </Card>
  )
}

const mostShown = 100

function PartitionPicker(props: {
  readonly database: Database
  readonly source: Source
  readonly onDone: () => void
}) {
  const { database, source, onDone } = props
  const { t } = useLanguage()
  const { count } = useMoments()
  const api = useApi()
  const queries = useQueryClient()
  const { data, error } = useQuery(partitionsQuery(api, database.name))
  const [isAll, setAll] = useState(source.partitions === 'all')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(
    new Set(source.partitions === 'all' ? [] : source.partitions),
  )
  const [search, setSearch] = useState('')
  const [fault, setFault] = useState<unknown>(null)
  if (error) return <FaultAlert error={error} />
  if (!data) return <Waiting />
  const found = data.filter(
    (one) =>
      one.source === source.alias &&
      `${one.id} ${one.name}`.toLowerCase().includes(search.trim().toLowerCase()),
  )
  const toggle = (id: string) => {
    const next = new Set(chosen)
    if (!next.delete(id)) next.add(id)
    setChosen(next)
  }
  const save = async () => {
    if (!isAll && chosen.size === 0) return setFault(new Error(t('database.chosenNone')))
    try {
      await choosePartitions(api, database, source.alias, isAll ? 'all' : [...chosen])
      await queries.invalidateQueries({ queryKey: ['databases', database.name] })
      onDone()
    } catch (problem) {
      setFault(problem)
    }
  }
  return (
    <Stack gap="sm">
      <Switch
        label={t('database.all')}
        checked={isAll}
        onChange={(event) => setAll(event.currentTarget.checked)}
      />
      {!isAll && (
        <>
          <TextInput
            label={t('database.search')}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          <Stack gap={6}>
            {found.slice(0, mostShown).map(({ id, name }) => (
              <Checkbox
                key={id}
                label={`${name} (${id})`}
                checked={chosen.has(id)}
                onChange={() => toggle(id)}
              />
            ))}
            {found.length > mostShown && (
              <Text size="sm">
                {t('common.firstOf', { shown: count(mostShown), all: count(found.length) })}
              </Text>
            )}
          </Stack>
        </>
      )}
      {fault !== null && <FaultAlert error={fault} />}
      <Group>
        <Button size="xs" onClick={() => void save()}>
          {t('common.save')}
        </Button>
        <Button size="xs" variant="default" onClick={onDone}>
          {t('common.cancel')}
        </Button>
      </Group>
    </Stack>
  )
}

function Statements({ name }: { readonly name: string }) {
  const { t } = useLanguage()
  const { data, error } = useQuery(statementsQuery(useApi(), name))
  return (
    <section>
      <Title order={2} size="h4" mb="xs">
        {t('database.statements')}
      </Title>
      {error && <FaultAlert error={error} />}
      {data && <StatementTable statements={data} />}
    </section>
  )
}

function Delete({ name }: { readonly name: string }) {
  const { t } = useLanguage()
  const api = useApi()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [typed, setTyped] = useState('')
  const [error, setError] = useState<unknown>(null)
  const remove = async () => {
    try {
      await deleteDatabase(api, name)
      await queries.invalidateQueries({ queryKey: ['databases'], refetchType: 'none' })
      await navigate({ to: '/databases' })
    } catch (fault) {
      setError(fault)
    }
  }
  return (
    <Card withBorder component="section" aria-label={t('database.danger')}>
      <Title order={2} size="h4">
        {t('database.danger')}
      </Title>
      <Text size="sm" my="xs">
        {t('database.deleteHelp')}
      </Text>
      <Group align="flex-end">
        <TextInput
          label={t('database.deleteSure', { name })}
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <Button color="red" disabled={typed !== name} onClick={() => void remove()}>
          {t('database.delete')}
        </Button>
      </Group>
      {error !== null && <FaultAlert error={error} />}
    </Card>
  )
}
