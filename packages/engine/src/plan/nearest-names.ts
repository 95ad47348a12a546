/** Up to `count` candidates most like a name that was not found, best first, without those that are not like it. */
export function nearestNames(name: string, candidates: Iterable<string>, count = 3): string[] {
  const wanted = name.toLowerCase()
  const scored: { readonly candidate: string; readonly score: number }[] = []
  for (const candidate of new Set(candidates)) {
    const text = candidate.toLowerCase()
    const distance = editDistance(wanted, text)
    const isPart = wanted.length > 2 && (text.includes(wanted) || wanted.includes(text))
    // A third of the letters wrong is a different word; a name inside a name is what people mean most often.
    if (isPart || distance <= Math.max(1, Math.floor(wanted.length / 3))) {
      scored.push({ candidate, score: isPart ? Math.min(distance, wanted.length / 3) : distance })
    }
  }
  return scored
    .sort((a, b) => a.score - b.score || a.candidate.length - b.candidate.length || compareText(a, b))
    .slice(0, count)
    .map(({ candidate }) => candidate)
}

/** A hint that names candidates, or says where to look when nothing is like the name. */
export function didYouMean(names: readonly string[], otherwise: string): string {
  if (names.length === 0) return otherwise
  return `Did you mean ${names.join(', ')}?`
}

function compareText(a: { readonly candidate: string }, b: { readonly candidate: string }): number {
  return a.candidate < b.candidate ? -1 : 1
}

/** Levenshtein's distance, with a swap of neighbours counted once. */
function editDistance(a: string, b: string): number {
  // A quick bound: 11,000 columns are compared for one hint.
  if (Math.abs(a.length - b.length) > a.length / 2 + 1) return Math.abs(a.length - b.length)
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (isSame ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1)
      }
      row.push(best)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}
