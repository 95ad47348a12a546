import { isNode, type JsonNode, nodeOf, nodesOf, textOf } from './plan-json.ts'
import { readTokens } from './statement-tokens.ts'

const clausesAfterWhere =
  /^(?:group|having|order|limit|offset|qualify|window|using|union|intersect|except|select|from|tablesample)$/i

/**
 * The text of `SELECT count(*) FROM one_table WHERE …` without its WHERE clause; null for all other statements. Where
 * the platform counted the rows, nothing is left to filter.
 */
export function countedText(text: string, statement: JsonNode | null): string | null {
  const select = statement === null ? null : nodeOf(statement, 'node')
  if (select?.type !== 'SELECT_NODE') return null
  const table = nodeOf(select, 'from_table')
  if (table?.type !== 'BASE_TABLE' || nodeOf(table, 'sample') !== null || nodeOf(select, 'sample') !== null)
    return null
  if (nodesOf(nodeOf(select, 'cte_map') ?? {}, 'map').length > 0) return null
  const items = nodesOf(select, 'select_list')
  const isCount = items.length > 0 && items.every(isBareCount)
  const hasMore =
    nodesOf(select, 'group_expressions').length > 0 ||
    isNode(select.having) ||
    isNode(select.qualify) ||
    nodeOf(select, 'where_clause') === null
  if (!isCount || hasMore) return null
  const tokens = readTokens(text)
  const isPlainWord = (index: number) => tokens[index]?.kind === 'word' && tokens[index - 1]?.text !== '.'
  const start = tokens.findIndex((token, index) => isPlainWord(index) && /^where$/i.test(token.text))
  const where = tokens[start]
  if (where === undefined) return null
  let depth = 0
  let end = text.length
  for (const [index, token] of tokens.entries()) {
    if (index <= start) continue
    if (token.text === '(' && token.kind === 'symbol') depth++
    if (token.text === ')' && token.kind === 'symbol') depth--
    const isEnd = token.text === ';' || (isPlainWord(index) && clausesAfterWhere.test(token.text))
    if (depth < 0 || (depth === 0 && isEnd)) {
      // `IS DISTINCT FROM` is no clause.
      if (/^from$/i.test(token.text) && /^distinct$/i.test(tokens[index - 1]?.text ?? '')) continue
      end = token.start
      break
    }
  }
  return `${text.slice(0, where.start)}${text.slice(end)}`
}

function isBareCount(item: JsonNode): boolean {
  return (
    item.class === 'FUNCTION' &&
    textOf(item, 'function_name') === 'count_star' &&
    nodeOf(item, 'filter') === null &&
    item.distinct !== true
  )
}
