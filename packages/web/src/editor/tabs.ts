/** A text that somebody works on, with the statement that it ran last. */
export interface Tab {
  readonly id: string
  readonly title: string
  readonly sql: string
  readonly statement: string | null
  /** Which saved query it was opened from or saved as. */
  readonly saved: string | null
}
export interface Tabs {
  readonly list: readonly Tab[]
  readonly current: string
}

/**
 * Where tabs are kept: in this browser, because a request at every pause of typing buys nothing, and because what is
 * worth keeping or sharing is saved by name on the server. A person’s tabs stay for the person; those of somebody who
 * came with a key go with the window. They hold SQL and ids of statements: no secret and no row.
 */
export interface TabsPlace {
  readonly storage: Storage
  readonly key: string
}

export function tabsPlace(
  person: { readonly id: string } | null,
  organisation: string | null,
  database: string,
): TabsPlace {
  return {
    storage: person === null ? sessionStorage : localStorage,
    key: ['sluis.tabs', person?.id ?? 'key', organisation ?? '', database].join(' '),
  }
}

const newId = () => Math.random().toString(36).slice(2, 10)

export const newTab = (title: string, sql = '', saved: string | null = null): Tab => ({
  id: newId(),
  title,
  sql,
  statement: null,
  saved,
})

/** The first title of the form `Query 3` that no tab bears. */
export function freeTitle(tabs: readonly Tab[], word: string): string {
  for (let number = 1; ; number++) {
    const title = `${word} ${number}`
    if (!tabs.some((tab) => tab.title === title)) return title
  }
}

export function loadTabs({ storage, key }: TabsPlace, fallback: () => Tab): Tabs {
  const kept = readTabs(storage.getItem(key))
  if (kept !== null) return kept
  const tab = fallback()
  return { list: [tab], current: tab.id }
}

/** What was kept, or null where it is not what this page writes. */
export function readTabs(text: string | null): Tabs | null {
  try {
    const { list, current } = JSON.parse(text ?? 'null') as Tabs
    const isTab = (tab: Tab) =>
      [tab.id, tab.title, tab.sql].every((value) => typeof value === 'string') &&
      (tab.statement === null || typeof tab.statement === 'string')
    if (list.length === 0 || !list.every(isTab)) return null
    const kept = list.map((tab) => ({ ...tab, saved: typeof tab.saved === 'string' ? tab.saved : null }))
    return { list: kept, current: list.some(({ id }) => id === current) ? current : (list[0]?.id ?? '') }
  } catch {
    return null
  }
}

export function saveTabs({ storage, key }: TabsPlace, tabs: Tabs): void {
  try {
    storage.setItem(key, JSON.stringify(tabs))
  } catch {
    // A full storage keeps nothing new; the tabs of this page go on.
  }
}

export const changeTab = (tabs: Tabs, id: string, change: Partial<Omit<Tab, 'id'>>): Tabs => ({
  ...tabs,
  list: tabs.list.map((tab) => (tab.id === id ? { ...tab, ...change } : tab)),
})

export const openTab = ({ list }: Tabs, tab: Tab): Tabs => ({ list: [...list, tab], current: tab.id })

/** Without the tab; its neighbour comes forward, and there is always one. */
export function closeTab({ list, current }: Tabs, id: string, fallback: () => Tab): Tabs {
  const at = list.findIndex((tab) => tab.id === id)
  const rest = list.filter((tab) => tab.id !== id)
  const left = rest.length > 0 ? rest : [fallback()]
  const next = current === id ? (left[Math.min(at, left.length - 1)]?.id ?? '') : current
  return { list: left, current: next }
}
