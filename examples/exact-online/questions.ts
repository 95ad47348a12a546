import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A question of the corpus: one file `<name>.sql` in this folder. */
export interface Question {
  readonly name: string
  /** In words, as somebody asks it. */
  readonly question: string
  /** API calls that the answer may cost over two companies of the examples' size. */
  readonly mostCalls: number
  readonly sql: string
}

const head = /^-- Question: (.+\?)\n-- Calls: at most (\d+)\n/

/** The questions in the order of their names. @throws TypeError for a file without its two comment lines */
export function questions(): readonly Question[] {
  return readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => {
      const sql = readFileSync(join(import.meta.dirname, file), 'utf8')
      const found = head.exec(sql)
      if (found === null) throw new TypeError(`${file} does not begin with its question and its calls`)
      return {
        name: file.slice(0, -'.sql'.length),
        question: found[1] ?? '',
        mostCalls: Number(found[2]),
        sql,
      }
    })
}
