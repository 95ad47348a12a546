import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Lab, startLab } from './testing/lab.ts'

// The ledger is nothing but what the documents say: every document is in it, and it says nothing else.
type Row = Record<string, unknown>
const cents = (value: unknown) => Math.round(Number(value ?? 0) * 100)
const total = (rows: readonly Row[], name = 'AmountDC') =>
  rows.reduce((sum, row) => sum + cents(row[name]), 0)
const time = (value: unknown) => Number(/-?\d+/.exec(String(value))?.[0])

/** Headers and lines that stand in the ledger, the sign with which their lines do, and whether they carry VAT. */
const documents = [
  ['salesentry/SalesEntries', 'salesentry/SalesEntryLines', -1, true],
  ['purchaseentry/PurchaseEntries', 'purchaseentry/PurchaseEntryLines', 1, true],
  ['financialtransaction/BankEntries', 'financialtransaction/BankEntryLines', -1, false],
  ['financialtransaction/CashEntries', 'financialtransaction/CashEntryLines', -1, false],
  ['generaljournalentry/GeneralJournalEntries', 'generaljournalentry/GeneralJournalEntryLines', 1, false],
] as const

for (const { scale, company } of [
  { scale: 0.4, company: 0 },
  { scale: 0.4, company: 1 },
  { scale: 0.003, company: 0 },
]) {
  describe(`the ledger of company ${company + 1} at scale ${scale}`, () => {
    let lab: Lab
    let ledger: Row[]
    let types: Map<unknown, number>
    const read = (path: string, select: string, filter = 'ID ne null') =>
      lab.all(
        `/api/v1/${lab.companies[company]?.code}/${path}?$select=${select}${filter ? `&$filter=${filter}` : ''}`,
      )
    const ofType = (type: number) => ledger.filter(({ GLAccount }) => types.get(GLAccount) === type)
    before(async () => {
      lab = await startLab({ scale })
      await lab.register({ flags: { enforceMandatoryFilter: false } })
      ledger = await read(
        'bulk/Financial/TransactionLines',
        'ID,EntryID,EntryNumber,LineNumber,Date,FinancialYear,FinancialPeriod,JournalCode,JournalDescription,AmountDC,AmountFC,AmountVATFC,AmountVATBaseFC,VATCode,GLAccount,GLAccountCode,Account,AccountName,InvoiceNumber,DueDate,Item,CostCenter,Quantity',
      )
      const accounts = await read('bulk/Financial/GLAccounts', 'ID,Type', '')
      types = new Map(accounts.map(({ ID, Type }) => [ID, Number(Type)]))
    })
    after(() => lab.close())

    test('every document is an entry with its lines, and every line of the ledger is of one of them', async () => {
      const entries = Map.groupBy(ledger, ({ EntryID }) => EntryID)
      let inLedger = 0
      for (const [headers, lines, sign, hasVat] of documents) {
        const select = hasVat
          ? 'EntryID,LineNumber,AmountDC,VATAmountDC,VATCode,VATBaseAmountDC,GLAccount,CostCenter,Quantity'
          : 'EntryID,LineNumber,AmountDC,GLAccount,CostCenter,Quantity,Date'
        const own = Map.groupBy(await read(lines, select), ({ EntryID }) => EntryID)
        const wanted = await read(headers, 'EntryID,EntryNumber', 'EntryNumber gt 0')
        assert.ok(wanted.length > 0)
        for (const { EntryID, EntryNumber } of wanted) {
          const booked = new Map((entries.get(EntryID) ?? []).map((row) => [row.LineNumber, row]))
          const said = own.get(EntryID) ?? []
          const isJournal = lines.endsWith('GeneralJournalEntryLines')
          assert.equal(booked.size, said.length * (hasVat ? 2 : 1) + (isJournal ? 0 : 1))
          inLedger += booked.size
          for (const line of said) {
            const row = booked.get(line.LineNumber)
            assert.deepEqual(
              [row?.EntryNumber, cents(row?.AmountDC), row?.GLAccount, row?.CostCenter, row?.Quantity],
              [EntryNumber, sign * cents(line.AmountDC) + 0, line.GLAccount, line.CostCenter, line.Quantity],
            )
            if (!hasVat) assert.equal(row?.Date, line.Date)
            else {
              assert.deepEqual(
                [row?.VATCode, cents(row?.AmountVATFC), cents(row?.AmountVATBaseFC)],
                [line.VATCode, sign * cents(line.VATAmountDC) + 0, sign * cents(line.VATBaseAmountDC) + 0],
              )
            }
          }
        }
      }
      assert.equal(inLedger, ledger.length)
    })

    test('every entry balances, in both currencies, in one journal on one day of its year and period', async () => {
      const journals = new Map(
        (await read('financial/Journals', 'Code,Description', '')).map(({ Code, Description }) => [
          Code,
          Description,
        ]),
      )
      for (const lines of Map.groupBy(ledger, ({ EntryID }) => EntryID).values()) {
        assert.deepEqual([total(lines), total(lines, 'AmountFC')], [0, 0])
        for (const name of ['Date', 'JournalCode', 'EntryNumber', 'FinancialYear', 'FinancialPeriod'])
          assert.equal(new Set(lines.map((row) => row[name])).size, 1, name)
        const [first] = lines
        const date = new Date(time(first?.Date))
        assert.deepEqual(
          [first?.FinancialYear, first?.FinancialPeriod, first?.JournalDescription],
          [date.getUTCFullYear(), date.getUTCMonth() + 1, journals.get(first?.JournalCode)],
        )
      }
      // A number is of one entry alone, and later numbers of a journal are never of an earlier day.
      const numbers = new Map(ledger.map((row) => [row.EntryNumber, row]))
      assert.equal(numbers.size, new Set(ledger.map(({ EntryID }) => EntryID)).size)
      for (const rows of Map.groupBy(numbers.values(), ({ JournalCode }) => JournalCode).values()) {
        const days = rows
          .sort((a, b) => Number(a.EntryNumber) - Number(b.EntryNumber))
          .map(({ Date: day }) => time(day))
        assert.deepEqual(
          days,
          days.toSorted((a, b) => a - b),
        )
      }
    })

    test('an entry of sales is what its invoice says: the customer’s debt, the revenue and the VAT', async () => {
      const invoices = await read(
        'bulk/SalesInvoice/SalesInvoices',
        'InvoiceNumber,InvoiceTo,InvoiceToName,AmountDC,AmountFCExclVat,VATAmountDC,DueDate',
        'Status eq 50',
      )
      const sales = Map.groupBy(
        ledger.filter(({ JournalCode }) => JournalCode === '70'),
        ({ InvoiceNumber }) => InvoiceNumber,
      )
      assert.deepEqual(sales.size, invoices.length)
      for (const invoice of invoices) {
        const rows = sales.get(invoice.InvoiceNumber) ?? []
        const sum = (type: number) => total(rows.filter(({ GLAccount }) => types.get(GLAccount) === type))
        assert.deepEqual(
          [sum(20), sum(110), sum(24)],
          [cents(invoice.AmountDC), 0 - cents(invoice.AmountFCExclVat), 0 - cents(invoice.VATAmountDC)],
        )
        for (const row of rows)
          assert.deepEqual([row.Account, row.AccountName], [invoice.InvoiceTo, invoice.InvoiceToName])
        assert.deepEqual(
          rows.flatMap(({ DueDate }) => DueDate ?? []),
          [invoice.DueDate],
        )
      }
    })

    test('debtors and creditors are what the lists of open items say', async () => {
      const [receivable, payable] = await Promise.all(
        ['read/financial/ReceivablesList', 'read/financial/PayablesList'].map((path) =>
          read(path, 'InvoiceNumber,EntryNumber,Amount', ''),
        ),
      )
      assert.equal(total(ofType(20)), total(receivable ?? [], 'Amount'))
      assert.equal(total(ofType(22)), 0 - total(payable ?? [], 'Amount'))
      // Invoice by invoice: what is paid is nothing, what is open the whole.
      const open = new Map((receivable ?? []).map((row) => [row.InvoiceNumber, cents(row.Amount)]))
      for (const [number, rows] of Map.groupBy(ofType(20), ({ InvoiceNumber }) => InvoiceNumber))
        assert.equal(total(rows), open.get(number) ?? 0, `invoice ${number}`)
    })

    test('the bank is what its last statement closes at, each of which opens where the one before closed', async () => {
      for (const [path, type] of [
        ['financialtransaction/BankEntries', 12],
        ['financialtransaction/CashEntries', 10],
      ] as const) {
        const statements = await read(
          path,
          'EntryNumber,OpeningBalanceFC,ClosingBalanceFC',
          'EntryNumber gt 0',
        )
        assert.equal(total(ofType(type)), cents(statements.at(-1)?.ClosingBalanceFC))
        for (const [at, { OpeningBalanceFC }] of statements.entries())
          if (at > 0) assert.equal(OpeningBalanceFC, statements[at - 1]?.ClosingBalanceFC)
      }
    })

    test('terms that are paid say when: on the day of the bank statement', async () => {
      const terms = await read(
        'bulk/Cashflow/Receivables',
        'InvoiceNumber,EntryID,IsFullyPaid,LastPaymentDate,InvoiceDate',
        '',
      )
      const paid = new Map(
        ledger
          .filter((row) => row.JournalCode === '20' && types.get(row.GLAccount) === 20)
          .map((row) => [row.InvoiceNumber, row.Date]),
      )
      const entries = new Map(
        ledger.filter(({ JournalCode }) => JournalCode === '70').map((row) => [row.InvoiceNumber, row]),
      )
      for (const term of terms) {
        assert.equal(term.LastPaymentDate, paid.get(term.InvoiceNumber) ?? null)
        assert.equal(term.EntryID, entries.get(term.InvoiceNumber)?.EntryID)
        if (term.IsFullyPaid) assert.ok(time(term.LastPaymentDate) > time(term.InvoiceDate))
      }
    })

    test('stock is what was counted, and what came and went since', async () => {
      const counts = await read('inventory/StockCountLines', 'Item,QuantityDifference', 'Item ne null')
      const received = await read('purchaseorder/GoodsReceiptLines', 'Item,QuantityReceived', 'Item ne null')
      const delivered = await read(
        'bulk/SalesOrder/GoodsDeliveryLines',
        'Item,QuantityDelivered',
        'Item ne null',
      )
      const stocked = await read(
        'inventory/ItemWarehouses',
        'Item,CurrentStock,PlannedStockIn,PlannedStockOut,ProjectedStock,WarehouseCode',
        'Item ne null',
      )
      const sum = (rows: readonly Row[], item: unknown, name: string) =>
        rows.filter(({ Item }) => Item === item).reduce((all, row) => all + Number(row[name]), 0)
      const items = new Map(
        (await read('bulk/Logistics/Items', 'ID,Stock,IsStockItem')).map((row) => [row.ID, row]),
      )
      assert.equal(stocked.length, [...items.values()].filter(({ IsStockItem }) => IsStockItem).length)
      for (const row of stocked) {
        const now =
          sum(counts, row.Item, 'QuantityDifference') +
          sum(received, row.Item, 'QuantityReceived') -
          sum(delivered, row.Item, 'QuantityDelivered')
        assert.equal(row.CurrentStock, now)
        assert.ok(now >= 0)
        assert.equal(items.get(row.Item)?.Stock, now)
        assert.equal(row.ProjectedStock, now + Number(row.PlannedStockIn) - Number(row.PlannedStockOut))
      }
      const [one] = stocked
      const [position] = await lab.rows(
        `/api/v1/${lab.companies[company]?.code}/read/logistics/StockPosition?itemId=guid'${one?.Item}'`,
      )
      assert.deepEqual(
        [position?.InStock, position?.PlanningIn, position?.PlanningOut],
        [one?.CurrentStock, one?.PlannedStockIn, one?.PlannedStockOut],
      )
    })
  })
}

describe('what clients write', () => {
  let lab: Lab
  const send = (method: string, path: string, body?: object) => lab.call(path, { method, body })
  const ledgerOf = async (entry: string) =>
    (
      await lab.all(
        `financialtransaction/TransactionLines?$select=ID,LineNumber,AmountDC,GLAccount,EntryNumber,Description,JournalCode,AccountName&$filter=EntryID eq guid'${entry}'`,
      )
    ).sort((a, b) => Number(a.LineNumber) - Number(b.LineNumber))
  const deleted = async () =>
    (await lab.all('sync/Deleted?$filter=Timestamp gt 1L&$select=EntityType,EntityKey')).filter(
      ({ EntityType }) => EntityType === 1,
    )
  before(async () => {
    lab = await startLab({ scale: 0.1 })
    await lab.register({ flags: { enforceMandatoryFilter: false } })
  })
  after(() => lab.close())

  test('a new entry is in the ledger, follows its lines, comes last in the feed, and leaves with it', async () => {
    const [customer] = await lab.all('crm/Accounts?$select=ID,Name&$top=1')
    const [account] = await lab.all("financial/GLAccounts?$select=ID&$filter=startswith(Code,'8000')&$top=1")
    const line = (AmountFC: number, Description: string) => ({
      AmountFC,
      Description,
      GLAccount: account?.ID,
    })
    const made = await send('POST', 'salesentry/SalesEntries', {
      Customer: customer?.ID,
      Journal: '70',
      SalesEntryLines: [line(100, 'Advies'), line(50.25, 'Reiskosten')],
    })
    assert.equal(made.status, 201, made.text)
    const id = String(made.d.EntryID)
    const before = await ledgerOf(id)
    assert.deepEqual(
      before.map(({ AmountDC, Description, AccountName }) => [AmountDC, Description, AccountName]),
      [
        [-100, 'Advies', customer?.Name],
        [-50.25, 'Reiskosten', customer?.Name],
        [150.25, 'Verkoopboek', customer?.Name],
        [0, 'Verkoopboek', customer?.Name],
        [0, 'Verkoopboek', customer?.Name],
      ],
    )
    assert.deepEqual([before[0]?.GLAccount, before[0]?.JournalCode], [account?.ID, '70'])
    const lines = await lab.all(`salesentry/SalesEntryLines?$select=ID&$filter=EntryID eq guid'${id}'`)
    const changed = await send('PUT', `salesentry/SalesEntryLines(guid'${lines[0]?.ID}')`, {
      AmountFC: 80,
    })
    assert.equal(changed.status, 204, changed.text)
    const after = await ledgerOf(id)
    assert.deepEqual(
      after.slice(0, 3).map(({ ID, AmountDC }) => [ID, AmountDC]),
      [
        [before[0]?.ID, -80],
        [before[1]?.ID, -50.25],
        [before[2]?.ID, 130.25],
      ],
    )
    const feed = await lab.all('sync/Financial/TransactionLines?$filter=Timestamp gt 1L&$select=ID,Timestamp')
    assert.deepEqual(
      feed
        .slice(-5)
        .map(({ ID }) => ID)
        .sort(),
      after.map(({ ID }) => ID).sort(),
    )
    assert.equal((await send('DELETE', `salesentry/SalesEntries(guid'${id}')`)).status, 204)
    assert.deepEqual(await ledgerOf(id), [])
    const gone = (await deleted()).map(({ EntityKey }) => EntityKey)
    assert.deepEqual(gone.sort(), after.map(({ ID }) => ID).sort())
  })

  test('a deleted entry of the past is gone from the ledger; a changed customer is another there', async () => {
    const [gone, kept] = await lab.all('salesentry/SalesEntries?$select=EntryID&$top=2')
    const [, customer] = await lab.all('crm/Accounts?$select=ID,Name&$top=2')
    const count = (await ledgerOf(String(gone?.EntryID))).length
    const was = (await deleted()).length
    assert.ok(count >= 3)
    assert.equal((await send('DELETE', `salesentry/SalesEntries(guid'${gone?.EntryID}')`)).status, 204)
    assert.deepEqual(await ledgerOf(String(gone?.EntryID)), [])
    assert.equal((await deleted()).length, was + count)
    const path = `salesentry/SalesEntries(guid'${kept?.EntryID}')`
    assert.equal((await send('PUT', path, { Customer: customer?.ID })).status, 204)
    for (const row of await ledgerOf(String(kept?.EntryID))) assert.equal(row.AccountName, customer?.Name)
  })

  test('a manual entry, a receipt at the bank and one at the till are in the ledger as they were sent', async () => {
    const [account] = await lab.all('financial/GLAccounts?$select=ID&$top=1')
    for (const [path, lines, amounts, expected] of [
      ['generaljournalentry/GeneralJournalEntries', 'GeneralJournalEntryLines', [12.5, -12.5], [12.5, -12.5]],
      ['financialtransaction/BankEntries', 'BankEntryLines', [40, 2.5], [-40, -2.5, 42.5]],
      ['financialtransaction/CashEntries', 'CashEntryLines', [7], [-7, 7]],
    ] as const) {
      const made = await send('POST', path, {
        JournalCode: '20',
        [lines]: amounts.map((AmountFC) => ({ AmountFC, GLAccount: account?.ID })),
      })
      assert.equal(made.status, 201, made.text)
      const rows = await ledgerOf(String(made.d.EntryID))
      assert.deepEqual(
        rows.map(({ AmountDC }) => AmountDC),
        expected,
      )
      assert.ok(rows.every(({ GLAccount }) => GLAccount !== null))
    }
  })

  test('a delivery takes from the stock what it delivers', async () => {
    const stock = async () =>
      new Map(
        (await lab.all('inventory/ItemWarehouses?$select=Item,CurrentStock')).map(
          ({ Item, CurrentStock }) => [Item, Number(CurrentStock)],
        ),
      )
    const before = await stock()
    const [line] = (
      await lab.all('salesorder/GoodsDeliveryLines?$select=ID,Item,QuantityDelivered&$filter=ID ne null')
    ).filter(({ Item }) => before.has(Item))
    const path = `salesorder/GoodsDeliveryLines(guid'${line?.ID}')`
    const wanted = Number(line?.QuantityDelivered) + 3
    assert.equal((await send('PUT', path, { QuantityDelivered: wanted })).status, 204)
    assert.equal((await stock()).get(line?.Item), Number(before.get(line?.Item)) - 3)
  })
})
