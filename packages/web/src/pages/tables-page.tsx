import { Badge, Button, Group, Stack, Table, Text, TextInput, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { tablesQuery } from '../api/calls.ts'
import { tableQuery } from '../api/catalogue.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { DatabaseNav } from '../parts/database-nav.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { ListTable } from '../parts/list-table.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { May, useApi } from '../session.tsx'

/** Single endpoints by name, which the planner chooses among by itself: last. */
const isRaw = (schema: string) => /(^|\.)(bulk|sync|read|beta)(_|$)/.test(schema)

/** What a database holds: services, their tables, and of one its columns. All from the catalogue, without a call. */
export function TablesPage() {
  const { t } = useLanguage()
  const { count } = useMoments()
  const api = useApi()
  const { name = '' } = useParams({ strict: false })
  const { table: chosen } = useSearch({ strict: false }) as { table?: string }
  const { data, error, refetch } = useQuery(tablesQuery(api, name))
  const [search, setSearch] = useState('')
  const services = useMemo(() => {
    const words = search.trim().toLowerCase().split(/\s+/)
    const found = (data ?? []).filter(({ schema, name: table }) =>
      words.every((word) => `${schema}.${table}`.toLowerCase().includes(word)),
    )
    return [...Map.groupBy(found, ({ schema }) => schema)].sort(
      ([a], [b]) => Number(isRaw(a)) - Number(isRaw(b)) || a.localeCompare(b),
    )
  }, [data, search])
  const isSearching = search.trim() !== ''
  return (
    <div className="wide-page">
      <PageHeading title={`${t('database.tables')} · ${name}`} />
      <DatabaseNav name={name} />
      {error && <FaultAlert error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data && (
        <div className="browser">
          <section aria-label={t('tables.list')}>
            <TextInput
              label={t('tables.search')}
              value={search}
              onChange={(event) => setSearch(event.currentTarget.value)}
            />
            <Text size="sm" my="xs" role="status">
              {t('tables.found', {
                tables: count(services.reduce((sum, [, tables]) => sum + tables.length, 0)),
                services: count(services.length),
              })}
            </Text>
            <div className="browser-list">
              {services.map(([schema, tables]) => (
                <details
                  key={`${schema} ${isSearching}`}
                  open={(isSearching && services.length <= 12) || chosen?.startsWith(`${schema}.`)}
                >
                  <summary>
                    {schema} <Text span size="sm">{`(${count(tables.length)})`}</Text>
                  </summary>
                  <ul>
                    {tables.map((table) => {
                      const full = `${schema}.${table.name}`
                      return (
                        <li key={full}>
                          <Link
                            to="/databases/$name/tables"
                            params={{ name }}
                            search={{ table: full }}
                            aria-current={full === chosen ? 'true' : undefined}
                          >
                            {table.name}
                            {table.isFunction ? '()' : ''}
                          </Link>
                          <span className="browser-count">
                            {count(table.columns)}
                            <span className="unseen"> {t('tables.columns')}</span>
                          </span>
                        </li>
                      )
                    })}
                  </ul>
                </details>
              ))}
            </div>
          </section>
          {chosen === undefined ? (
            <Text>{t('tables.choose')}</Text>
          ) : (
            <Columns database={name} table={chosen} />
          )}
        </div>
      )}
    </div>
  )
}

const filters = { exact: 'tables.exact', superset: 'tables.superset', no: 'tables.no' } as const

function Columns({ database, table: full }: { readonly database: string; readonly table: string }) {
  const { t } = useLanguage()
  const { count } = useMoments()
  const dot = full.lastIndexOf('.')
  const { data: table, error } = useQuery(
    tableQuery(useApi(), database, full.slice(0, dot), full.slice(dot + 1)),
  )
  const [search, setSearch] = useState('')
  if (error) return <FaultAlert error={error} />
  if (!table) return <Waiting />
  const found = table.columns.filter(({ name }) => name.toLowerCase().includes(search.trim().toLowerCase()))
  const filtered = (how: keyof typeof filters) =>
    count(table.columns.filter(({ filter }) => filter === how).length)
  const keys = table.columns.filter(({ isKey }) => isKey).map((column) => column.name)
  return (
    <section aria-label={full}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Title order={2} size="h4" className="break">
            {full}
          </Title>
          {!table.isFunction && (
            <May scope="query">
              <Button
                renderRoot={(props) => (
                  <Link
                    {...props}
                    to="/databases/$name/sql"
                    params={{ name: database }}
                    search={{ table: full }}
                  />
                )}
              >
                {t('tables.query')}
              </Button>
            </May>
          )}
        </Group>
        <Text size="sm">
          {t('tables.counts', {
            columns: count(table.columns.length),
            key: keys.join(', ') || t('tables.noKey'),
            exact: filtered('exact'),
            superset: filtered('superset'),
            no: filtered('no'),
          })}
        </Text>
        <Text size="sm">{t('tables.filterHelp')}</Text>
        {table.parameters && (
          <Text>
            {t('tables.call')}{' '}
            <code>{`${full}(${table.parameters.map(({ name }) => `${name} := …`).join(', ')})`}</code>
          </Text>
        )}
        <TextInput
          label={t('tables.searchColumns')}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        <ListTable
          label={t('tables.columns')}
          heads={[t('tables.column'), t('tables.type'), t('tables.filter')]}
        >
          {found.map(({ name, type, fields, isKey, isNullable, filter }) => (
            <Table.Tr key={name}>
              <Table.Td>
                {name}{' '}
                {isKey && (
                  <Badge size="sm" variant="outline" c="var(--mantine-color-text)" tt="none">
                    {t('tables.key')}
                  </Badge>
                )}
              </Table.Td>
              <Table.Td>
                <code>{type}</code> {isNullable ? '' : 'NOT NULL'}
                {fields && <Text size="sm">{fields.map((field) => field.name).join(', ')}</Text>}
              </Table.Td>
              <Table.Td>{t(filters[filter])}</Table.Td>
            </Table.Tr>
          ))}
        </ListTable>
      </Stack>
    </section>
  )
}
