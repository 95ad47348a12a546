import type { ChartKind, ChartPoint } from './chart-points.ts'

export interface ChartLayout {
  readonly plot: {
    readonly left: number
    readonly right: number
    readonly top: number
    readonly bottom: number
  }
  /** Where nought is, or the bottom where it is not in sight. */
  readonly base: number
  readonly ticks: readonly { readonly value: number; readonly text: string; readonly y: number }[]
  /** Names below, only as many as fit beside each other. */
  readonly labels: readonly { readonly text: string; readonly x: number }[]
  /** One for each point; `y` is null where it has no value. */
  readonly places: readonly { readonly x: number; readonly y: number | null }[]
  readonly barWidth: number
  /** The line, with a gap where there is no value. */
  readonly path: string
}

/** About the width of a letter of the axes. */
const letter = 8
const longestLabel = 14

/** Where everything of a chart stands. */
export function chartLayout(
  points: readonly ChartPoint[],
  kind: ChartKind,
  { width, height }: { readonly width: number; readonly height: number },
  text: (value: number) => string,
): ChartLayout {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]))
  const marks = axisMarks(values, kind === 'bar')
  const texts = marks.map(text)
  const left = Math.max(...texts.map(({ length }) => length)) * letter + 14
  const plot = { left, right: width - 10, top: 10, bottom: height - 26 }
  const [low = 0, high = 1] = [marks[0], marks.at(-1)]
  const yOf = (value: number) => plot.bottom - ((value - low) / (high - low || 1)) * (plot.bottom - plot.top)

  const band = (plot.right - plot.left) / Math.max(1, points.length)
  const ats = points.map(({ at }) => at)
  const isScaled = ats.length > 1 && ats.every((at) => at !== null) && ats[0] !== ats.at(-1)
  const [first = 0, last = 1] = isScaled ? [Number(ats[0]), Number(ats.at(-1))] : []
  const xOf = (at: number | null, index: number) =>
    isScaled
      ? plot.left + 8 + ((Number(at) - first) / (last - first)) * (plot.right - plot.left - 16)
      : plot.left + (index + 0.5) * band
  const places = points.map(({ value, at }, index) => ({
    x: xOf(at, index),
    y: value === null ? null : yOf(value),
  }))

  const labels: { text: string; x: number }[] = []
  let free = plot.left - 4
  for (const [index, { label }] of points.entries()) {
    const shown = label.length > longestLabel ? `${label.slice(0, longestLabel - 1)}…` : label
    const half = (shown.length * letter) / 2
    const x = places[index]?.x ?? 0
    if (x - half < free || x + half > width) continue
    labels.push({ text: shown, x })
    free = x + half + letter
  }
  let [path, isBroken] = ['', true]
  for (const { x, y } of places) {
    if (y !== null) path += `${isBroken ? 'M' : 'L'}${round(x)} ${round(y)}`
    isBroken = y === null
  }
  return {
    plot,
    base: low <= 0 && high >= 0 ? yOf(0) : plot.bottom,
    ticks: marks.map((value, index) => ({ value, text: texts[index] ?? '', y: yOf(value) })),
    labels,
    places,
    barWidth: Math.max(1, Math.min(64, band * 0.72)),
    path,
  }
}

const round = (value: number) => Math.round(value * 10) / 10

/** Round numbers that reach around the values; with nought, where a length is compared. */
export function axisMarks(values: readonly number[], withNought: boolean): readonly number[] {
  let low = values.reduce((least, value) => Math.min(least, value), withNought ? 0 : Number.POSITIVE_INFINITY)
  let high = values.reduce((most, value) => Math.max(most, value), withNought ? 0 : Number.NEGATIVE_INFINITY)
  if (!(low <= high)) [low, high] = [0, 1]
  const largest = Math.max(Math.abs(low), Math.abs(high))
  if (largest < 1e-300) [low, high] = [0, 1]
  // What differs by less than the marks can tell is drawn as a length.
  else if (high - low < largest * 1e-7) [low, high] = low > 0 ? [0, high] : [low, 0]
  const rough = (high - low) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough * 0.999) ?? power
  const from = Math.floor(low / step)
  const to = Math.ceil(high / step)
  // Counted in whole steps, so that no tenth is a little more than it is.
  return Array.from({ length: to - from + 1 }, (_, index) => Number(((from + index) * step).toPrecision(12)))
}
