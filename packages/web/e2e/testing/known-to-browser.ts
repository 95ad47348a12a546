import type { Page } from 'playwright-core'

/** A place in which a browser may keep something, with all that stands there. */
export interface Known {
  readonly place: 'page' | 'memory' | 'storage' | 'history'
  readonly text: string
}

/**
 * All that a browser knows after what was done on this page: what it shows and what stands in its fields, every string that
 * its scripts still hold (of which the browser tells the first thousand characters), what it stored, and where it was.
 */
export async function knownTo(page: Page): Promise<readonly Known[]> {
  const stored = (await page.evaluate(`(async () => JSON.stringify([
    { ...localStorage }, { ...sessionStorage }, document.cookie, await indexedDB.databases(), await caches.keys(),
    await Array.fromAsync((await navigator.storage.getDirectory()).keys()),
  ]))()`)) as string
  const shown = (await page.evaluate(
    `document.documentElement.outerHTML + [...document.querySelectorAll('input, textarea, select')].map(({ value }) => value).join('\\n')`,
  )) as string
  const devtools = await page.context().newCDPSession(page)
  const { entries } = await devtools.send('Page.getNavigationHistory')
  const state = String(await page.evaluate('JSON.stringify(history.state)'))
  let memory = ''
  devtools.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => {
    memory += chunk
  })
  await devtools.send('HeapProfiler.collectGarbage')
  await devtools.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  await devtools.detach()
  return [
    { place: 'page', text: shown },
    { place: 'memory', text: memory },
    { place: 'storage', text: stored },
    { place: 'history', text: JSON.stringify(entries) + state },
  ]
}

/** Where one of these secrets is known, in any form that an address or a text gives it. */
export function placesOf(known: readonly Known[], secrets: Readonly<Record<string, string>>): string[] {
  return Object.entries(secrets).flatMap(([name, secret]) => {
    if (secret.length < 16) throw new TypeError(`${name} is too short to be looked for`)
    const start = secret.slice(0, 200)
    const forms = [
      start,
      encodeURIComponent(start),
      JSON.stringify(start).slice(1, -1),
      btoa(start).slice(0, -4),
    ]
    return known
      .filter(({ text }) => forms.some((form) => text.includes(form)))
      .map(({ place }) => `${name}: ${place}`)
  })
}
