import { Card, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { platformsQuery } from '../api/calls.ts'
import { useLanguage } from '../i18n/language.tsx'
import { FaultAlert } from '../parts/fault-alert.tsx'
import { PageHeading } from '../parts/page-heading.tsx'
import { Waiting } from '../parts/waiting.tsx'
import { useApi } from '../session.tsx'
import { slugOf } from '../wizard/platform-facts.ts'

export function PlatformsPage() {
  const { t } = useLanguage()
  const { data, error, refetch } = useQuery(platformsQuery(useApi()))
  return (
    <>
      <PageHeading title={t('platforms.title')} />
      <Text mb="md">{t('platforms.lead')}</Text>
      {error && <FaultAlert error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Waiting />}
      <div className="choices">
        {data
          ?.filter(({ hasTables }) => hasTables)
          .map((platform) => (
            <Link
              key={platform.id}
              to="/setup/databases/new/$platform"
              params={{ platform: slugOf(platform.id) }}
              className="platform"
            >
              <Card withBorder>
                <Text fw={600}>{platform.label}</Text>
                <Text size="sm">
                  {platform.regions.length > 1
                    ? t('platforms.regions', { count: platform.regions.length })
                    : t('platforms.everywhere')}
                </Text>
              </Card>
            </Link>
          ))}
      </div>
    </>
  )
}
