import type { Explanation } from '../api/statements.ts'

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}
export interface ScanBox extends Box {
  readonly scan: Explanation['scans'][number]
}
export interface Arrow {
  readonly path: string
  readonly label: string
  readonly labelX: number
  readonly labelY: number
  readonly kind: 'rows' | 'keys'
}
export interface ExplainLayout {
  readonly width: number
  readonly height: number
  readonly scans: readonly ScanBox[]
  readonly answer: Box
  readonly arrows: readonly Arrow[]
}

const box = { width: 330, height: 92 }
const [gap, lane, reach] = [22, 46, 110]

/**
 * Where the boxes and arrows of an explanation stand: a box for each scan, from each an arrow with its rows to the answer,
 * and on the left the keys that one scan hands to another.
 */
export function explainLayout(
  { scans }: Explanation,
  calls: (scan: ScanBox['scan']) => string,
): ExplainLayout {
  const left = scans.some(({ keysFrom }) => keysFrom.length > 0) ? lane : 0
  const boxes = scans.map(
    (scan, index): ScanBox => ({
      scan,
      x: left,
      y: index * (box.height + gap),
      ...box,
    }),
  )
  const height = Math.max(box.height, boxes.length * (box.height + gap) - gap)
  const answer: Box = { x: left + box.width + reach, y: height / 2 - 28, width: 130, height: 56 }
  const rows = boxes.map(({ scan, x, y }): Arrow => {
    const [fromX, fromY] = [x + box.width, y + box.height / 2]
    const [toX, toY] = [answer.x, answer.y + answer.height / 2]
    const middle = (fromX + toX) / 2
    return {
      path: `M${fromX} ${fromY}C${middle} ${fromY} ${middle} ${toY} ${toX} ${toY}`,
      label: calls(scan),
      labelX: fromX + 8,
      // On the side that the arrow bends away from.
      labelY: fromY > toY ? fromY + 18 : fromY - 8,
      kind: 'rows',
    }
  })
  const keys = boxes.flatMap((to) =>
    to.scan.keysFrom.flatMap((text): Arrow[] => {
      // `InvoiceTo from Accounts.ID`: the scan is the one whose table is named.
      const source = / from (.+)\.[^.]+$/.exec(text)?.[1]?.toLowerCase()
      const from = boxes.find(
        (other) =>
          other !== to &&
          source !== undefined &&
          (other.scan.table.toLowerCase() === source ||
            other.scan.table.toLowerCase().endsWith(`.${source}`)),
      )
      if (from === undefined) return []
      const [fromY, toY] = [from.y + box.height / 2, to.y + box.height / 2]
      return [
        {
          path: `M${from.x} ${fromY}C${from.x - lane} ${fromY} ${to.x - lane} ${toY} ${to.x} ${toY}`,
          label: text,
          labelX: 0,
          labelY: (fromY + toY) / 2,
          kind: 'keys',
        },
      ]
    }),
  )
  return { width: answer.x + answer.width, height, scans: boxes, answer, arrows: [...rows, ...keys] }
}
