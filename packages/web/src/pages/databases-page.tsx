import { Button, Group, Table, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { databasesQuery, grantsQuery } from '../api/calls.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { LinkButton } from '../parts/link-button.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { May, useApi, useMay } from '../session.tsx'

const most = 200

/** Databases with the health of what they read through. */
export function DatabasesPage() {
  const { t } = useLanguage()
  const { moment, count } = useMoments()
  const api = useApi()
  const [search, setSearch] = useState('')
  const { data, error, refetch } = useQuery(databasesQuery(api))
  const { data: grants } = useQuery({ ...grantsQuery(api), enabled: useMay()('grants:read') })
  const states = new Map(grants?.map(({ id, state }) => [id, state]))
  const found = (data ?? []).filter(({ name, title }) =>
    `${name} ${title ?? ''}`.toLowerCase().includes(search.trim().toLowerCase()),
  )
  return (
    <>
      <PageHeading title={t('databases.title')}>
        <May scope="databases:write">
          <Button component={Link} to="/setup/databases/new">
            {t('databases.new')}
          </Button>
        </May>
      </PageHeading>
      {error && <FaultAlert error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data?.length === 0 && (
        <EmptyState title={t('databases.empty')} help={t('databases.emptyHelp')}>
          <May scope="databases:write">
            <LinkButton to="/setup/databases/new">{t('databases.first')}</LinkButton>
          </May>
        </EmptyState>
      )}
      {data && data.length > 0 && (
        <>
          <TextInput
            mb="sm"
            maw={360}
            label={t('databases.search')}
            value={search}
            onChange={(event) => setSearch(event.currentTarget.value)}
          />
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <section className="scroll" tabIndex={0} aria-label={t('databases.title')}>
            <Table verticalSpacing="xs">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t('common.name')}</Table.Th>
                  <Table.Th>{t('databases.health')}</Table.Th>
                  <Table.Th>{t('databases.made')}</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {found.slice(0, most).map(({ name, title, sources, createdAt }) => (
                  <Table.Tr key={name}>
                    <Table.Td>
                      <Link to="/databases/$name" params={{ name }}>
                        {title ?? name}
                      </Link>
                      {title !== null && <Text size="sm">{name}</Text>}
                    </Table.Td>
                    <Table.Td>
                      <Group gap={4}>
                        {sources.map(({ alias, grant }) => {
                          const state = states.get(grant)
                          return state && <StateBadge key={alias} state={state} />
                        })}
                      </Group>
                    </Table.Td>
                    <Table.Td>{moment(createdAt)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </section>
          {found.length > most && (
            <Text size="sm" mt="xs">
              {t('common.firstOf', { shown: count(most), all: count(found.length) })}
            </Text>
          )}
        </>
      )}
    </>
  )
}
