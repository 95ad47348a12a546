import { Table, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { grantsQuery, mostGrants, platformsQuery } from '../api/calls.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { EmptyState } from '../parts/empty-state.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { Forecast } from '../parts/forecast.tsx'
import { GrantTabs } from '../parts/grant-tabs.tsx'
import { LinkButton } from '../parts/link-button.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { usePlaceName } from '../parts/place-fields.tsx'
import { StateBadge } from '../parts/state-badge.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { May, useApi } from '../session.tsx'

/** Rows that a page draws; the search finds the others. */
const mostRows = 200

export function GrantsPage() {
  const { t } = useLanguage()
  const api = useApi()
  const { data, error, refetch } = useQuery(grantsQuery(api))
  const { data: platforms } = useQuery(platformsQuery(api))
  const nameOf = usePlaceName(platforms)
  const { count } = useMoments()
  const [search, setSearch] = useState('')
  const words = search.trim().toLowerCase().split(/\s+/)
  const found = (data ?? []).filter((grant) => {
    const { label, platformUser, externalId, databases, state } = grant
    const told = [label, platformUser?.name, externalId, ...databases, nameOf(grant), t(`state.${state}`)]
    return words.every((word) => told.join(' ').toLowerCase().includes(word))
  })
  return (
    <>
      <GrantTabs />
      <PageHeading title={t('grants.title')} />
      {error && <FaultAlert error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      {data?.length === 0 && (
        <EmptyState title={t('grants.empty')}>
          <May scope="preauthentication:write">
            <LinkButton to="/preauthentications/new" variant="default">
              {t('pre.new')}
            </LinkButton>
          </May>
        </EmptyState>
      )}
      {data && data.length > 0 && (
        <TextInput
          mb="sm"
          maw={360}
          label={t('grants.search')}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      {data && data.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <section className="scroll" tabIndex={0} aria-label={t('grants.title')}>
          <Table verticalSpacing="xs">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t('grants.user')}</Table.Th>
                <Table.Th>{t('common.state')}</Table.Th>
                <Table.Th>{t('grants.region')}</Table.Th>
                <Table.Th>{t('grants.databases')}</Table.Th>
                <Table.Th>{t('grants.forecast')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {found.slice(0, mostRows).map((grant) => (
                <Table.Tr key={grant.id}>
                  <Table.Td>
                    <Link to="/grants/$id" params={{ id: grant.id }}>
                      {grant.label ?? grant.platformUser?.name ?? t('grant.unknownUser')}
                    </Link>
                  </Table.Td>
                  <Table.Td>
                    <StateBadge state={grant.state} />
                  </Table.Td>
                  <Table.Td miw="8rem">{nameOf(grant)}</Table.Td>
                  <Table.Td>{grant.databases.join(', ') || t('common.none')}</Table.Td>
                  <Table.Td miw="15rem">
                    <Forecast grant={grant} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </section>
      )}
      {found.length > mostRows && (
        <Text size="sm" mt="xs">
          {t('common.firstOf', { shown: count(mostRows), all: count(found.length) })}
        </Text>
      )}
      {data && data.length >= mostGrants && (
        <Text size="sm" mt="xs">
          {t('grants.more', { count: count(data.length) })}
        </Text>
      )}
    </>
  )
}
