import { Group, NativeSelect, Stack, Text } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { type KeyboardEvent, type PointerEvent, useEffect, useId, useMemo, useState } from 'react'
import { useLanguage, useMoments } from '../../i18n/language.tsx'
import { ListTable } from '../../parts/list-table.tsx'
import type { ResultClient } from '../result/result-client.ts'
import type { ResultColumn } from '../result/result-rows.ts'
import { chartLayout } from './chart-layout.ts'
import {
  type ChartKind,
  type ChartPoint,
  type ChartWish,
  chartPoints,
  firstWish,
  mostPoints,
  valueColumns,
} from './chart-points.ts'

/** The rows as they are shown, as bars or a line of two of their columns. */
export function QuickChart(props: {
  readonly client: ResultClient
  readonly columns: readonly ResultColumn[]
  readonly rows: number
  readonly version: string
}) {
  const { client, columns, rows, version } = props
  const { t } = useLanguage()
  const { count } = useMoments()
  const [wish, setWish] = useState<ChartWish | null>(() => firstWish(columns))
  const [read, setRead] = useState<readonly (readonly unknown[])[]>([])
  // `version`: another view has other rows.
  useEffect(() => {
    let isCurrent = true
    void client.rows(0, mostPoints.line).then((found) => isCurrent && setRead(found))
    return () => {
      isCurrent = false
    }
  }, [client, version, rows])
  const points = useMemo(() => (wish === null ? [] : chartPoints(columns, read, wish)), [columns, read, wish])
  if (wish === null) return <Text>{t('chart.noNumber')}</Text>
  const named = (index: number) => ({ value: String(index), label: columns[index]?.name ?? '' })
  const title = t('chart.title', {
    value: columns[wish.value]?.name ?? '',
    label: columns[wish.label]?.name ?? '',
  })
  return (
    <Stack gap="sm">
      <Group gap="sm" align="flex-end">
        <NativeSelect
          size="xs"
          label={t('chart.kind')}
          value={wish.kind}
          data={[
            { value: 'bar', label: t('chart.bar') },
            { value: 'line', label: t('chart.line') },
          ]}
          onChange={(event) => setWish({ ...wish, kind: event.currentTarget.value as ChartKind })}
        />
        <NativeSelect
          size="xs"
          label={t('chart.value')}
          value={String(wish.value)}
          data={valueColumns(columns).map(named)}
          onChange={(event) => setWish({ ...wish, value: Number(event.currentTarget.value) })}
        />
        <NativeSelect
          size="xs"
          label={t('chart.by')}
          value={String(wish.label)}
          data={columns.map((_, index) => named(index))}
          onChange={(event) => setWish({ ...wish, label: Number(event.currentTarget.value) })}
        />
      </Group>
      {rows > points.length && points.length > 0 && (
        <Text size="sm" role="status">
          {t('chart.first', { shown: count(points.length), rows: count(rows) })}
        </Text>
      )}
      {points.length > 0 && (
        <Chart
          key={`${version} ${wish.kind} ${wish.label} ${wish.value}`}
          title={title}
          points={points}
          kind={wish.kind}
          heads={[columns[wish.label]?.name ?? '', columns[wish.value]?.name ?? '']}
        />
      )}
    </Stack>
  )
}

const height = 300

/** By keyboard: arrows, Home and End go from point to point, and each is told; the same stands in a table. */
function Chart(props: {
  readonly title: string
  readonly points: readonly ChartPoint[]
  readonly kind: ChartKind
  readonly heads: readonly [label: string, value: string]
}) {
  const { title, points, kind, heads } = props
  const { t } = useLanguage()
  const { count } = useMoments()
  const id = useId()
  const { ref, width } = useElementSize()
  const [now, setNow] = useState<number | null>(null)
  const layout = useMemo(
    () => chartLayout(points, kind, { width: width || 640, height }, count),
    [points, kind, width, count],
  )
  const { plot, places, barWidth } = layout
  const last = points.length - 1
  const told = ({ label, value }: ChartPoint) => `${label}: ${value === null ? 'NULL' : count(value)}`
  const onKeyDown = (event: KeyboardEvent) => {
    const to: Readonly<Record<string, number>> = {
      ArrowRight: Math.min(last, (now ?? -1) + 1),
      ArrowUp: Math.min(last, (now ?? -1) + 1),
      ArrowLeft: Math.max(0, (now ?? 1) - 1),
      ArrowDown: Math.max(0, (now ?? 1) - 1),
      Home: 0,
      End: last,
    }
    const next = to[event.key]
    if (next === undefined) return
    event.preventDefault()
    setNow(next)
  }
  const onPointerMove = (event: PointerEvent) => {
    const x = event.clientX - event.currentTarget.getBoundingClientRect().left
    let nearest = 0
    for (const [index, place] of places.entries())
      if (Math.abs(place.x - x) < Math.abs((places[nearest]?.x ?? 0) - x)) nearest = index
    setNow(nearest)
  }
  const point = now === null ? undefined : points[now]
  const place = now === null ? undefined : places[now]
  return (
    <figure className="chart" aria-labelledby={id}>
      <figcaption id={id}>{title}</figcaption>
      <div
        ref={ref}
        className="chart-plot"
        role="slider"
        tabIndex={0}
        aria-label={t('chart.points', { title })}
        aria-orientation="horizontal"
        aria-valuemin={1}
        aria-valuemax={points.length}
        aria-valuenow={(now ?? 0) + 1}
        aria-valuetext={told(point ?? points[0] ?? { label: '', value: null, at: null })}
        onKeyDown={onKeyDown}
        onFocus={() => setNow((before) => before ?? 0)}
        onPointerMove={onPointerMove}
      >
        <svg width={width || 640} height={height} aria-hidden="true">
          {layout.ticks.map(({ y, text, value }) => (
            <g key={value}>
              <path
                d={`M${plot.left} ${y}H${plot.right}`}
                className={y === layout.base ? 'chart-base' : 'chart-line'}
              />
              <text x={plot.left - 6} y={y + 4} textAnchor="end" className="chart-label">
                {text}
              </text>
            </g>
          ))}
          {place && <path d={`M${place.x} ${plot.top}V${plot.bottom}`} className="chart-now" />}
          {kind === 'bar' &&
            places.map(({ x, y }, index) =>
              y === null ? null : (
                <rect
                  key={index}
                  x={x - barWidth / 2}
                  y={Math.min(y, layout.base)}
                  width={barWidth}
                  height={Math.max(1, Math.abs(layout.base - y))}
                  className={index === now ? 'chart-bar chosen' : 'chart-bar'}
                />
              ),
            )}
          {kind === 'line' && <path d={layout.path} className="chart-path" />}
          {kind === 'line' &&
            places.map(({ x, y }, index) =>
              y === null || (index !== now && points.length > 60) ? null : (
                <circle key={index} cx={x} cy={y} r={index === now ? 5 : 2.5} className="chart-bar" />
              ),
            )}
          {layout.labels.map(({ text, x }) => (
            <text key={x} x={x} y={height - 8} textAnchor="middle" className="chart-label">
              {text}
            </text>
          ))}
        </svg>
      </div>
      <p className="chart-told" aria-hidden="true">
        {point ? told(point) : t('chart.help')}
      </p>
      <details>
        <summary>{t('chart.table')}</summary>
        <div className="chart-table">
          <ListTable label={title} heads={heads}>
            {points.map((one, index) => (
              <tr key={index}>
                <th scope="row">{one.label}</th>
                <td>{one.value === null ? <span className="null">NULL</span> : count(one.value)}</td>
              </tr>
            ))}
          </ListTable>
        </div>
      </details>
    </figure>
  )
}
