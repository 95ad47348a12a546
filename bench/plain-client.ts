import { once } from 'node:events'
import { createInterface } from 'node:readline'

// What a program would do without us: one loop per division, `fetch` and `JSON.parse`. In a process of its own, so
// that neither side collects the other's garbage.
// `node bench/plain-client.ts <address> <divisions> <columns>` reads all pages once for each line that it is given, and
// prints how many rows and milliseconds it took.
const [url = '', divisions = '1', columns = ''] = process.argv.slice(2)

async function readDivision(division: number): Promise<number> {
  let rows = 0
  let next: string | undefined =
    `${url}/api/v1/${division}/bulk/Financial/TransactionLines?$select=${columns.replaceAll(' ', '')}`
  while (next) {
    const response = await fetch(next, { headers: { authorization: 'Bearer bench' } })
    const { d } = JSON.parse(await response.text()) as { d: { results: unknown[]; __next?: string } }
    rows += d.results.length
    next = d.__next
  }
  return rows
}

const orders = createInterface({ input: process.stdin })
orders.on('line', async () => {
  const startedAt = performance.now()
  const counts = await Promise.all(
    Array.from({ length: Number(divisions) }, (_, index) => readDivision(index + 1)),
  )
  const rows = counts.reduce((sum, count) => sum + count, 0)
  process.stdout.write(`${rows} ${performance.now() - startedAt}\n`)
})
await once(orders, 'close')
process.exit(0)
