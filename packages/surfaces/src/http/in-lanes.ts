/** What `work` makes of each item, `lanes` at a time, as it comes; a consumer that stops takes no more items on. */
export async function* inLanes<Item, Result>(
  items: AsyncIterable<Item>,
  lanes: number,
  work: (item: Item) => Promise<Result>,
): AsyncGenerator<Result> {
  const source = items[Symbol.asyncIterator]()
  const running = new Map<number, Promise<{ readonly id: number; readonly result: Result }>>()
  let next = 0
  let isExhausted = false
  try {
    for (;;) {
      while (!isExhausted && running.size < lanes) {
        const item = await source.next()
        if (item.done) isExhausted = true
        else {
          const id = next++
          running.set(
            id,
            work(item.value).then((result) => ({ id, result })),
          )
        }
      }
      if (running.size === 0) return
      const { id, result } = await Promise.race(running.values())
      running.delete(id)
      yield result
    }
  } finally {
    await Promise.allSettled(running.values())
    await source.return?.()
  }
}
