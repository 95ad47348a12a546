/** Makes others wait for this look-up; they go on when it ends, whatever came of it. */
export function claimLookUp(lookUps: Map<string, Promise<void>>, hostKey: string): Disposable {
  const { promise, resolve } = Promise.withResolvers<void>()
  lookUps.set(hostKey, promise)
  return {
    [Symbol.dispose]() {
      lookUps.delete(hostKey)
      resolve()
    },
  }
}

/** Resolves when `work` has ended or the signal says stop, whichever is first. */
export function endOrAbort(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      signal?.removeEventListener('abort', end)
      resolve()
    }
    signal?.addEventListener('abort', end, { once: true })
    void work.then(end)
  })
}
