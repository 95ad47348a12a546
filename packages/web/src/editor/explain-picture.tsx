import { List, Stack, Text, Title } from '@mantine/core'
import { useId } from 'react'
import type { CallEstimate, Explanation } from '../api/statements.ts'
import { useLanguage, useMoments } from '../i18n/language.tsx'
import { explainLayout } from './explain-layout.ts'

/** An estimate in words: exact, likely, or without a known end. */
export function useCalls() {
  const { t } = useLanguage()
  const { count } = useMoments()
  return ({ min, expected, max }: CallEstimate): string => {
    if (min === max) return t('explain.calls', { calls: count(expected) })
    const likely = t('explain.callsAbout', { calls: count(Math.round(expected)) })
    return max === null
      ? likely
      : `${likely} (${t('explain.callsBetween', { min: count(min), max: count(max) })})`
  }
}

const short = (text: string, most: number) => (text.length > most ? `${text.slice(0, most - 1)}…` : text)

/** A statement as a picture of what is asked of the platform; the list below it says the same, and more. */
export function ExplainPicture({ explanation }: { readonly explanation: Explanation }) {
  const { t } = useLanguage()
  const { count } = useMoments()
  const calls = useCalls()
  const id = useId()
  const layout = explainLayout(explanation, ({ calls: { expected } }) =>
    t('explain.short', { calls: count(Math.round(expected)) }),
  )
  return (
    <Stack gap="md">
      <Text fw={600} role="status">
        {calls(explanation.calls)}
      </Text>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="scroll" tabIndex={0} aria-label={t('explain.title')}>
        <svg
          className="explain"
          role="img"
          aria-labelledby={`${id}-title`}
          aria-describedby={`${id}-list`}
          width={layout.width}
          height={layout.height}
          viewBox={`0 0 ${layout.width} ${layout.height}`}
        >
          <title id={`${id}-title`}>{t('explain.title')}</title>
          <defs>
            <marker
              id={`${id}-tip`}
              viewBox="0 0 8 8"
              refX="7"
              refY="4"
              markerWidth="8"
              markerHeight="8"
              orient="auto"
            >
              <path d="M0 0L8 4L0 8z" className="explain-tip" />
            </marker>
          </defs>
          {layout.arrows.map(({ path, kind, label, labelX, labelY }) => (
            <g key={`${kind} ${path}`}>
              <path d={path} className={`explain-arrow ${kind}`} markerEnd={`url(#${id}-tip)`} />
              {kind === 'rows' && (
                <text x={labelX} y={labelY} className="explain-small">
                  {label}
                </text>
              )}
            </g>
          ))}
          {layout.scans.map(({ scan, x, y, width, height }) => (
            <g key={y} transform={`translate(${x} ${y})`}>
              <rect width={width} height={height} rx="8" className="explain-box" />
              <text x="12" y="22" className="explain-name">
                {short(scan.table, 40)}
              </text>
              <text x="12" y="42" className="explain-small">
                {short(
                  [
                    scan.endpoint,
                    scan.partitions.length > 0
                      ? t('explain.partitions', { count: count(scan.partitions.length) })
                      : '',
                  ]
                    .filter(Boolean)
                    .join(' · '),
                  46,
                )}
              </text>
              <text x="12" y="62" className="explain-code">
                {scan.filter === '' ? t('explain.noFilter') : short(scan.filter, 42)}
              </text>
              <text x="12" y="81" className="explain-small">
                {short(
                  scan.keysFrom.length > 0
                    ? `${t('explain.keys')}: ${scan.keysFrom.join(', ')}`
                    : t('explain.columns', { count: count(scan.columns.length) }),
                  46,
                )}
              </text>
            </g>
          ))}
          <g transform={`translate(${layout.answer.x} ${layout.answer.y})`}>
            <rect
              width={layout.answer.width}
              height={layout.answer.height}
              rx="8"
              className="explain-box answer"
            />
            <text x={layout.answer.width / 2} y="33" textAnchor="middle" className="explain-name">
              {t(explanation.write ? 'explain.write' : 'explain.answer')}
            </text>
          </g>
        </svg>
      </section>
      <div id={`${id}-list`}>
        {explanation.scans.length === 0 && <Text>{t('explain.noScan')}</Text>}
        {explanation.scans.map((scan, index) => (
          <section key={index} aria-label={scan.table}>
            <Title order={3} size="h5" mt="xs">
              {scan.table}
            </Title>
            <List size="sm" spacing={2}>
              <List.Item>
                {scan.endpoint} · {calls(scan.calls)} · <span lang="en">{scan.reason}</span>
              </List.Item>
              {scan.pushed.map(({ term, judgement }) => (
                <List.Item key={term}>
                  <code>{term}</code>:{' '}
                  {t(
                    judgement === 'exact'
                      ? 'explain.exact'
                      : judgement === 'superset'
                        ? 'explain.superset'
                        : 'explain.here',
                  )}
                </List.Item>
              ))}
              {scan.keysFrom.map((keys) => (
                <List.Item key={keys}>
                  {t('explain.keys')}: <code>{keys}</code>
                </List.Item>
              ))}
              {scan.requests.map((request) => (
                <List.Item key={request} className="break">
                  <code>{request}</code>
                </List.Item>
              ))}
            </List>
          </section>
        ))}
        {explanation.write && (
          <section aria-label={t('explain.write')}>
            <Title order={3} size="h5" mt="xs">
              {explanation.write.verb} {explanation.write.table}
            </Title>
            <List size="sm">
              <List.Item>{calls(explanation.write.calls)}</List.Item>
              {explanation.write.requests.map((request) => (
                <List.Item key={request} className="break">
                  <code>{request}</code>
                </List.Item>
              ))}
            </List>
          </section>
        )}
        {explanation.warnings.map((warning) => (
          <Text key={warning} size="sm" lang="en">
            {warning}
          </Text>
        ))}
      </div>
    </Stack>
  )
}
