import { Badge, Table, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import type { Platform } from '../api/answers.ts'
import { type ConnectLink, isOpenLink } from '../api/connect-links.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { ConfirmButton } from '../parts/confirm-button.tsx'
import { ListTable } from '../parts/list-table.tsx'
import { usePlaceName } from '../parts/place-fields.tsx'

const colours: Readonly<Record<ConnectLink['state'], string>> = {
  open: 'cyan',
  started: 'yellow',
  connected: 'green',
  pending: 'yellow',
  cancelled: 'gray',
  refused: 'red',
  expired: 'gray',
  revoked: 'gray',
}

/** Links, newest first, and what became of each. */
export function LinkTable(props: {
  readonly links: readonly ConnectLink[]
  readonly platforms: readonly Platform[] | undefined
  readonly onRevoke: (link: ConnectLink) => Promise<void>
}) {
  const { t } = useLanguage()
  const { moment } = useMoments()
  const nameOf = usePlaceName(props.platforms)
  return (
    <ListTable
      label={t('links.title')}
      heads={[t('links.customer'), t('common.state'), t('links.made'), t('links.until'), t('common.actions')]}
    >
      {props.links.map((link) => {
        const name = link.label ?? link.externalId ?? t('links.unnamed')
        return (
          <Table.Tr key={link.id}>
            <Table.Td miw="10rem">
              <span className="break">{name}</span>
              {link.label !== null && link.externalId !== null && (
                <Text size="sm" className="break">
                  {link.externalId}
                </Text>
              )}
              <Text size="sm">{nameOf(link)}</Text>
              {link.renews !== null && (
                <Link to="/grants/$id" params={{ id: link.renews }}>
                  {t('links.renews')}
                </Link>
              )}
            </Table.Td>
            <Table.Td miw="9rem">
              <Badge
                color={colours[link.state]}
                variant="light"
                autoContrast
                c="var(--mantine-color-text)"
                tt="none"
                miw="max-content"
              >
                {t(`links.state.${link.state}`)}
              </Badge>
              {link.grant !== null && (
                <div>
                  <Link to="/grants/$id" params={{ id: link.grant }}>
                    {t('consent.toGrant')}
                  </Link>
                </div>
              )}
              {link.reason === 'other-person' && <Text size="sm">{t('links.otherPerson')}</Text>}
              {link.reason !== null && link.reason !== 'other-person' && link.problem !== null && (
                <Text size="sm" lang="en" className="break">
                  {link.problem.detail}
                </Text>
              )}
            </Table.Td>
            <Table.Td miw="9rem">{moment(link.createdAt)}</Table.Td>
            <Table.Td miw="9rem">{moment(link.expiresAt)}</Table.Td>
            <Table.Td>
              {isOpenLink(link) && (
                <ConfirmButton label={t('links.revoke')} of={name} onConfirm={() => props.onRevoke(link)} />
              )}
            </Table.Td>
          </Table.Tr>
        )
      })}
    </ListTable>
  )
}
