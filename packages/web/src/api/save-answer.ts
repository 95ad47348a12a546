import type { ApiClient } from './api-client.ts'

/** An answer of the API that somebody keeps as a file. */
export interface KeptAnswer {
  /** Of a route that a link may lead to, with what is asked of it. */
  readonly address: string
  /** What the file is called. */
  readonly name: string
  /** A short question that fails where the file would: a refusal is told on the page, not as a broken file. */
  readonly look: () => Promise<unknown>
}

/** @see https://wicg.github.io/file-system-access/#api-showsavefilepicker, read 2026-11-25 */
interface FilePicker {
  showSaveFilePicker?(options: { readonly suggestedName: string }): Promise<FileSystemFileHandle>
}

/**
 * Keeps an answer as a file, whatever its size. A person's browser fetches it by itself, as any download. A key is in no
 * cookie and in no address: the answer goes to the disk piece by piece where the browser lets a page choose a file, and
 * elsewhere through the browser's memory.
 */
export async function saveAnswer(api: ApiClient, { address, name, look }: KeptAnswer): Promise<void> {
  if (!api.hasKey) {
    await look()
    return followDownload(api.linkTo(address), name)
  }
  const { showSaveFilePicker } = window as FilePicker
  if (showSaveFilePicker === undefined) return saveFile(await (await api.send('GET', address)).blob(), name)
  // Asked for first: a browser lets a page do that only right after a press.
  const file = await showSaveFilePicker.call(window, { suggestedName: name }).catch((refusal: Error) => {
    if (refusal.name === 'AbortError') return null
    throw refusal
  })
  if (file === null) return
  const response = await api.send('GET', address)
  // What was begun and not finished replaces no file.
  await response.body?.pipeTo(await file.createWritable())
}

/** Hands a file to the browser to keep. */
export function saveFile(content: Blob, name: string): void {
  const address = URL.createObjectURL(content)
  followDownload(address, name)
  // The browser has taken it over by the next turn.
  setTimeout(() => URL.revokeObjectURL(address))
}

function followDownload(address: string, name: string): void {
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
}
