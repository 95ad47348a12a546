import { useId } from 'react'
import { useMoments } from '../i18n/language.tsx'

export interface Bar {
  readonly label: string
  readonly value: number
}

const height = 120

/** A few numbers as bars; who cannot see them gets the same as a table. */
export function BarChart({ title, bars }: { readonly title: string; readonly bars: readonly Bar[] }) {
  const { count } = useMoments()
  const id = useId()
  const most = Math.max(1, ...bars.map(({ value }) => value))
  // A week fits a telephone without its letters getting small.
  const [barWidth, gap] = bars.length > 5 ? [40, 8] : [56, 12]
  const width = bars.length * (barWidth + gap)
  return (
    <figure className="chart" aria-labelledby={id}>
      <figcaption id={id}>{title}</figcaption>
      <div className="scroll">
        <svg width={width} height={height + 44} viewBox={`0 0 ${width} ${height + 44}`} aria-hidden="true">
          {bars.map(({ label, value }, index) => {
            const size = (height * value) / most
            const x = index * (barWidth + gap) + gap / 2
            return (
              <g key={label}>
                <rect
                  x={x}
                  y={18 + height - size}
                  width={barWidth}
                  height={size}
                  rx="3"
                  className="chart-bar"
                />
                <text x={x + barWidth / 2} y={12 + height - size} textAnchor="middle">
                  {count(value)}
                </text>
                <text x={x + barWidth / 2} y={height + 36} textAnchor="middle" className="chart-label">
                  {label}
                </text>
              </g>
            )
          })}
          <path d={`M0 ${height + 18.5}H${width}`} className="chart-line" />
        </svg>
      </div>
      <div className="unseen">
        <table>
          <tbody>
            {bars.map(({ label, value }) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                <td>{count(value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  )
}
