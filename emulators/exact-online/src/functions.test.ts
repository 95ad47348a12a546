import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { exactOnlineCatalogue } from '@sluis/facts'
import { must } from '@sluis/shared'
import { type Lab, startLab } from './testing/lab.ts'

// What functions answer is what the company's own rows add up to.
type Row = Record<string, unknown>
let lab: Lab
let times: Row[]
let costs: Row[]
before(async () => {
  lab = await startLab()
  await lab.register({ flags: { enforceMandatoryFilter: false } })
  times = await lab.all('project/TimeTransactions')
  costs = await lab.all('project/CostTransactions')
})
after(() => lab.close())

const time = (row: Row, name = 'Date') => Number(/-?\d+/.exec(String(row[name]))?.[0])
const dayOf = (row: Row) => new Date(time(row)).toISOString().slice(0, 10)
/** The most frequent value: something there is much of. */
const common = (rows: readonly Row[], name: string) =>
  String(
    [...Map.groupBy(rows, (row) => row[name])]
      .filter(([value]) => value !== null)
      .sort(([, a], [, b]) => b.length - a.length)[0]?.[0],
  )

/** Nothing of the generated data belongs here: the answer is an empty list. */
const empty = [
  'AccountItems',
  'CustomFields',
  'ItemExtraField',
  'PayrollComponents',
  'PayrollTransactionsByPayrollYear',
  'RecentCostsByNumberOfWeeksByDate',
  'RecentHoursByNumberOfWeeksByDate',
  'ReportingBalanceByClassification',
]

describe('§ 3.3: functions', () => {
  test('every function with data behind it answers from them', async () => {
    const first = async (path: string, filter = '') =>
      must((await lab.rows(`${path}?$top=1${filter && `&$filter=${filter}`}`))[0])
    const [item, receivable, payable] = [
      await first('logistics/Items'),
      await first('read/financial/ReceivablesList'),
      await first('read/financial/PayablesList'),
    ]
    const document = await first('documents/Documents', 'Account ne null')
    const ofOpportunity = await first('documents/Documents', 'Opportunity ne null')
    const address = await first('crm/Addresses', 'Account ne null')
    const wbs = await first('bulk/Project/ProjectWBS', 'Project ne null')
    const guid = (id: unknown) => `guid'${id}'`
    const parameters = (name: string): string => {
      if (/^Hours?ById$|^HoursById$/.test(name)) return `entryId=${guid(times[0]?.ID)}`
      if (name === 'CostsById') return `entryId=${guid(costs[0]?.ID)}`
      if (name === 'HoursByDate') return `checkDate=datetime'${dayOf(must(times[0]))}'`
      if (name === 'CostsByDate') return `checkDate=datetime'${dayOf(must(costs[0]))}'`
      if (/NumberOfWeeks$/.test(name)) return 'numberOfWeeks=500'
      if (/^ProjectWBSByProject/.test(name)) return `projectId=${guid(wbs.Project)}&wbsId=${guid(wbs.ID)}`
      if (/^(Hour|Cost).*ByProject|Projects?AndDate$/.test(name))
        return `projectId=${guid(common(/^Hour/.test(name) ? times : costs, 'Project'))}`
      if (name === 'TimeAndBillingEntryProjectsByAccountAndDate')
        return `accountId=${guid(common(times, 'Account'))}`
      if (name === 'TimeAndBillingProjectDetailsByID') return `projectId=${guid(common(times, 'Project'))}`
      if (name === 'TimeAndBillingAccountDetailsByID') return `accountId=${guid(common(times, 'Account'))}`
      if (/Item|StockPosition/.test(name)) return `itemId=${guid(item.ID)}`
      if (/^Opportunity/.test(name)) return `opportunityId=${guid(ofOpportunity.Opportunity)}`
      if (name === 'DefaultAddressForAccount') return `accountId=${guid(address.Account)}`
      if (/Document/.test(name)) return `accountId=${guid(document.Account)}`
      if (name === 'ReceivablesListByAccount') return `accountId=${guid(receivable.AccountId)}`
      if (name === 'PayablesListByAccount') return `accountId=${guid(payable.AccountId)}`
      if (/AgeGroup$/.test(name)) return 'ageGroup=4'
      if (name === 'RevenueListByYear') return 'year=2025'
      if (name === 'RevenueListByYearAndStatus') return 'year=2025&status=50'
      if (name === 'UserHasRights') return "endpoint='crm/Accounts'&action='GET'"
      if (name === 'SyncTimestamp') return "modified=datetime'2020-01-01'&endPoint='CRM/Accounts'"
      return ''
    }
    const silent: string[] = []
    for (const { entity, uri, methods, kind } of exactOnlineCatalogue()) {
      if (kind !== 'function' || !methods.includes('GET') || entity === 'UpdateCustomField') continue
      const path = `${uri.replace('{division}', String(lab.division))}?${parameters(entity)}`
      const { status, d, text } = await lab.get(path)
      assert.equal(status, 200, `${path}: ${text}`)
      const has = Array.isArray(d.results) ? d.results.length > 0 : Object.values(d).every((value) => value)
      if (!has) silent.push(entity)
    }
    assert.deepEqual(silent.sort(), empty)
  })

  test('the hours of a day, or of all weeks, are its transactions, each in the column of its state', async () => {
    const day = dayOf(must(times[3]))
    for (const [query, own] of [
      [`HoursByDate?checkDate=datetime'${day}'`, times.filter((row) => dayOf(row) === day)],
      ['RecentHoursByNumberOfWeeks?numberOfWeeks=5000', times],
    ] as const) {
      const { d } = await lab.get(`read/project/${query}`)
      const byId = new Map<unknown, Row>(d.results.map((row: Row) => [row.EntryId, row]))
      assert.equal(byId.size, own.length, query)
      for (const { ID, HourStatus, Quantity, Project, Account } of own) {
        const row = must(byId.get(ID))
        const column = { 20: 'Approved', 10: 'Submitted', 2: 'Rejected', 1: 'Draft' }[Number(HourStatus)]
        for (const state of ['Approved', 'Submitted', 'Rejected', 'Draft'])
          assert.equal(row[`Hours${state}`], state === column ? Quantity : 0, state)
        assert.deepEqual([row.ProjectId, row.AccountId], [Project, Account])
      }
    }
    assert.deepEqual(new Set(times.map(({ HourStatus }) => HourStatus)), new Set([20, 10, 2, 1]))
  })

  test('week numbers are those of ISO 8601', async () => {
    const { d } = await lab.get('read/project/RecentHoursByNumberOfWeeks?numberOfWeeks=1000')
    const expected = (at: number) => {
      // The Thursday of a week tells its year; its number is how many Thursdays that year has had.
      const thursday = new Date(at)
      while (thursday.getUTCDay() !== 4) {
        const isBefore = (thursday.getUTCDay() + 6) % 7 < 3
        thursday.setUTCDate(thursday.getUTCDate() + (isBefore ? 1 : -1))
      }
      let week = 0
      for (const day = new Date(thursday); day.getUTCFullYear() === thursday.getUTCFullYear(); ) {
        week++
        day.setUTCDate(day.getUTCDate() - 7)
      }
      return week
    }
    assert.ok(d.results.length > 500)
    for (const row of d.results) assert.equal(row.WeekNumber, expected(time(row)), dayOf(row))
  })

  test('what was used last comes first, each thing once', async () => {
    const account = common(times, 'Account')
    const own = times.filter((row) => row.Account === account)
    const { d } = await lab.get(`read/project/HourEntryRecentProjects?accountId=guid'${account}'`)
    const last = Map.groupBy(times, ({ Project }) => Project)
    const all = (await lab.get('read/project/HourEntryRecentProjects')).d.results
    assert.equal(all.length, [...last.keys()].filter((project) => project !== null).length)
    assert.ok([...last.values()].some(({ length }) => length > 5))
    for (const row of all)
      assert.equal(
        time(row, 'DateLastUsed'),
        Math.max(...must(last.get(row.ProjectId)).map((one) => time(one))),
      )
    assert.deepEqual(
      new Set(d.results.map(({ ProjectId }: Row) => ProjectId)),
      new Set(own.flatMap(({ Project }) => Project ?? [])),
    )
    const dates = all.map((row: Row) => time(row, 'DateLastUsed'))
    assert.deepEqual(
      dates,
      [...dates].sort((a, b) => b - a),
    )
  })

  test('what an account owes and is owed, by age, is its open items', async () => {
    const receivables = await lab.all('read/financial/ReceivablesList')
    const account = common(receivables, 'AccountId')
    const { d } = await lab.get(`read/financial/AgingOverviewByAccount?accountId=guid'${account}'`)
    const cents = (rows: readonly Row[], name: string) =>
      rows.reduce((sum, row) => sum + Math.round(Number(row[name]) * 100), 0)
    assert.equal(d.results.length, 4)
    assert.equal(
      cents(d.results, 'AmountReceivable'),
      cents(
        receivables.filter(({ AccountId }) => AccountId === account),
        'Amount',
      ),
    )
  })
})
