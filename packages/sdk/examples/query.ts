import { createSluis, SluisError } from '@sluis/sdk'

const { SLUIS_URL = '', SLUIS_API_KEY = '' } = process.env
const sluis = createSluis({ url: SLUIS_URL, apiKey: SLUIS_API_KEY })

const sql = 'SELECT Code, Name FROM crm.Accounts WHERE Name >= $1 ORDER BY Code'
const { calls } = await sluis.explain('books', sql, { parameters: ['B'] })
console.log(`expects ${calls.expected} calls`)

// As the rows come. Leaving the loop cancels the statement.
for await (const { Code, Name } of sluis.query('books', sql, { parameters: ['B'], maxRows: 5 })) {
  console.log(Code, Name)
}

// Or all at once, with what it cost.
const answer = await sluis.queryAll('books', 'SELECT count(*) AS n FROM crm.Accounts')
console.log(`${answer.rows[0]?.[0]} accounts, ${answer.stats.apiCalls} calls`)

try {
  await sluis.queryAll('books', 'SELECT Nme FROM crm.Accounts')
} catch (error) {
  if (!(error instanceof SluisError)) throw error
  console.log(error.code, error.message, error.hint)
}
