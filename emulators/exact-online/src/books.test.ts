import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Lab, startLab } from './testing/lab.ts'

// What holds in sound books holds in generated ones: in every company, at every scale.
type Row = Record<string, unknown>
const cents = (value: unknown) => Math.round(Number(value ?? 0) * 100)
const total = (rows: readonly Row[], name: string) => rows.reduce((sum, row) => sum + cents(row[name]), 0)
const time = (value: unknown) => Number(/-?\d+/.exec(String(value))?.[0])

for (const { scale, company } of [
  { scale: 1, company: 0 },
  { scale: 1, company: 1 },
  { scale: 0.13, company: 2 },
]) {
  describe(`the books of company ${company + 1} at scale ${scale}`, () => {
    let lab: Lab
    let invoices: Row[]
    let invoiceLines: Row[]
    let entries: Row[]
    const read = (path: string, select: string, filter = 'ID ne null') =>
      lab.all(
        `/api/v1/${lab.companies[company]?.code}/${path}?$select=${select}${filter ? `&$filter=${filter}` : ''}`,
      )
    before(async () => {
      lab = await startLab({ scale })
      await lab.register({ flags: { enforceMandatoryFilter: false } })
      invoices = await read(
        'bulk/SalesInvoice/SalesInvoices',
        'InvoiceID,InvoiceNumber,InvoiceTo,OrderedBy,InvoiceDate,DueDate,AmountDC,AmountFC,AmountFCExclVat,VATAmountDC,Status,OrderNumber,OrderDate',
        'InvoiceID ne null',
      )
      invoiceLines = await read(
        'bulk/SalesInvoice/SalesInvoiceLines',
        'InvoiceID,Item,Quantity,UnitPrice,Discount,NetPrice,AmountDC,AmountFC,VATCode,VATPercentage,VATAmountDC,SalesOrder,SalesOrderLine,SalesOrderNumber',
      )
      entries = await lab.all(
        `/api/v1/${lab.companies[company]?.code}/salesentry/SalesEntries?$select=EntryID,EntryNumber,InvoiceNumber,Customer,EntryDate,AmountDC,VATAmountDC,ReportingYear,ReportingPeriod&$filter=EntryNumber gt 0`,
      )
    })
    after(() => lab.close())

    test('an invoice is its lines and their VAT', () => {
      const lines = Map.groupBy(invoiceLines, ({ InvoiceID }) => InvoiceID)
      assert.equal(lines.size, invoices.length)
      for (const invoice of invoices) {
        const own = lines.get(invoice.InvoiceID) ?? []
        assert.equal(cents(invoice.AmountDC), total(own, 'AmountDC') + total(own, 'VATAmountDC'))
        assert.equal(cents(invoice.AmountFCExclVat), total(own, 'AmountFC'))
        assert.equal(cents(invoice.VATAmountDC), total(own, 'VATAmountDC'))
        assert.equal(invoice.AmountDC, invoice.AmountFC)
      }
    })

    test('a line is quantity times price less discount, its VAT the percentage of its code', async () => {
      const codes = new Map(
        (await read('vat/VATCodes', 'Code,Percentage', '')).map(({ Code, Percentage }) => [Code, Percentage]),
      )
      const used = new Set<unknown>()
      for (const line of invoiceLines) {
        const net = Math.round(Number(line.UnitPrice) * (1 - Number(line.Discount)) * 100) / 100
        assert.equal(line.NetPrice, net)
        assert.equal(cents(line.AmountDC), Math.round(Number(line.Quantity) * net * 100))
        assert.equal(line.VATPercentage, codes.get(line.VATCode))
        assert.equal(
          cents(line.VATAmountDC),
          Math.round(Number(line.AmountDC) * Number(line.VATPercentage) * 100),
        )
        used.add(line.VATPercentage)
      }
      assert.deepEqual([...used].sort(), company === 1 ? [0.06, 0.12, 0.21] : [0, 0.09, 0.21])
    })

    test('what is processed has an entry: the same customer, number, amount and day', () => {
      const byNumber = new Map(entries.map((entry) => [entry.InvoiceNumber, entry]))
      const processed = invoices.filter(({ Status }) => Status === 50)
      assert.equal(processed.length, entries.length)
      for (const invoice of processed) {
        const entry = byNumber.get(invoice.InvoiceNumber)
        assert.deepEqual(
          [entry?.Customer, entry?.AmountDC, entry?.VATAmountDC, entry?.EntryDate],
          [invoice.InvoiceTo, invoice.AmountDC, invoice.VATAmountDC, invoice.InvoiceDate],
        )
        const date = new Date(time(entry?.EntryDate))
        assert.deepEqual(
          [entry?.ReportingYear, entry?.ReportingPeriod],
          [date.getUTCFullYear(), date.getUTCMonth() + 1],
        )
      }
      const years = new Set(entries.map(({ ReportingYear }) => ReportingYear))
      assert.ok(years.size >= 7, `${[...years]}`)
    })

    test('open items are the entries less what was received at the bank', async () => {
      const open = await read(
        'read/financial/ReceivablesList',
        'InvoiceNumber,Amount,AccountId,AccountName',
        '',
      )
      const bank = await read(
        'financialtransaction/BankEntryLines',
        'AmountDC,OurRef,Account',
        'AmountDC gt 0 and ID ne null',
      )
      assert.equal(total(open, 'Amount'), total(entries, 'AmountDC') - total(bank, 'AmountDC'))
      const paid = new Set(bank.map(({ OurRef }) => OurRef))
      assert.equal(paid.size, bank.length)
      assert.deepEqual(
        open.map(({ InvoiceNumber }) => InvoiceNumber).sort(),
        entries
          .map(({ InvoiceNumber }) => InvoiceNumber)
          .filter((number) => !paid.has(number))
          .sort(),
      )
      const customer = new Map(entries.map((entry) => [entry.InvoiceNumber, entry.Customer]))
      for (const row of bank) assert.equal(row.Account, customer.get(row.OurRef))
      for (const row of open) assert.equal(row.AccountId, customer.get(row.InvoiceNumber))
      const names = new Map((await read('bulk/CRM/Accounts', 'ID,Name')).map(({ ID, Name }) => [ID, Name]))
      for (const row of open) assert.equal(row.AccountName, names.get(row.AccountId))
      const terms = await read('bulk/Cashflow/Receivables', 'InvoiceNumber,AmountDC,IsFullyPaid', '')
      for (const term of terms) assert.equal(term.IsFullyPaid, paid.has(term.InvoiceNumber))
    })

    test('what is owed to suppliers is the purchases less what was paid', async () => {
      const open = await read('read/financial/PayablesList', 'InvoiceNumber,Amount', '')
      const purchases = await read('purchaseentry/PurchaseEntries', 'AmountDC', 'EntryNumber gt 0')
      const bank = await read(
        'financialtransaction/BankEntryLines',
        'AmountDC',
        'OurRef ne null and AmountDC lt 0',
      )
      assert.equal(total(open, 'Amount'), total(purchases, 'AmountDC') + total(bank, 'AmountDC'))
    })

    test('a delivery is of an order line that is there: its item, its number, its quantity', async () => {
      const orderLines = new Map(
        (
          await read(
            'salesorder/SalesOrderLines',
            'ID,OrderID,OrderNumber,LineNumber,Item,Quantity,QuantityDelivered,AmountDC',
          )
        ).map((line) => [line.ID, line]),
      )
      const delivered = await read(
        'bulk/SalesOrder/GoodsDeliveryLines',
        'SalesOrderLineID,SalesOrderNumber,SalesOrderLineNumber,Item,QuantityDelivered,QuantityOrdered',
      )
      assert.ok(delivered.length > 50)
      for (const line of delivered) {
        const order = orderLines.get(line.SalesOrderLineID)
        assert.deepEqual(
          [
            line.SalesOrderNumber,
            line.SalesOrderLineNumber,
            line.Item,
            line.QuantityOrdered,
            line.QuantityDelivered,
          ],
          [order?.OrderNumber, order?.LineNumber, order?.Item, order?.Quantity, order?.QuantityDelivered],
        )
      }
      const invoiced = invoiceLines.filter(({ SalesOrderLine }) => SalesOrderLine !== null)
      for (const line of invoiced) {
        const order = orderLines.get(line.SalesOrderLine)
        assert.deepEqual(
          [line.SalesOrder, line.SalesOrderNumber, line.Item, line.Quantity, line.AmountDC],
          [order?.OrderID, order?.OrderNumber, order?.Item, order?.Quantity, order?.AmountDC],
        )
      }
      assert.ok(invoiced.length > 0 && invoiced.length < invoiceLines.length)
    })

    test('quotation, order, delivery and invoice of a deal follow one another and have one customer', async () => {
      const orders = await read(
        'bulk/SalesOrder/SalesOrders',
        'OrderNumber,OrderedBy,OrderDate,Status',
        'OrderID ne null',
      )
      const byNumber = new Map(orders.map((order) => [order.OrderNumber, order]))
      for (const invoice of invoices.filter(({ OrderNumber }) => OrderNumber !== null)) {
        const order = byNumber.get(invoice.OrderNumber)
        assert.deepEqual([order?.OrderedBy, order?.OrderDate], [invoice.OrderedBy, invoice.OrderDate])
        assert.ok(time(invoice.OrderDate) < time(invoice.InvoiceDate))
        assert.ok(time(invoice.InvoiceDate) < time(invoice.DueDate))
      }
      const quotations = await read(
        'crm/Quotations',
        'QuotationNumber,OrderAccount,QuotationDate',
        'QuotationNumber gt 0',
      )
      for (const quotation of quotations) {
        const order = byNumber.get(quotation.QuotationNumber)
        assert.equal(quotation.OrderAccount, order?.OrderedBy)
        assert.ok(time(quotation.QuotationDate) < time(order?.OrderDate))
      }
    })

    test('the chart of accounts is that of the country, each code once, revenue and costs in profit and loss', async () => {
      const accounts = await read(
        'bulk/Financial/GLAccounts',
        'Code,Description,Type,BalanceType,BalanceSide',
        'Code ne null',
      )
      const codes = accounts.map(({ Code }) => Code)
      assert.equal(new Set(codes).size, codes.length)
      assert.ok(codes.includes(company === 1 ? '700000' : '8000'))
      for (const { Type, BalanceType } of accounts) assert.equal(BalanceType, Number(Type) >= 110 ? 'W' : 'B')
    })

    test('a bank statement closes at what it opened with and its lines', async () => {
      const statements = await read(
        'financialtransaction/BankEntries',
        'EntryID,OpeningBalanceFC,ClosingBalanceFC',
        'EntryNumber gt 0',
      )
      const lines = Map.groupBy(
        await read('financialtransaction/BankEntryLines', 'EntryID,AmountFC', 'AmountFC ne 0'),
        ({ EntryID }) => EntryID,
      )
      for (const { EntryID, OpeningBalanceFC, ClosingBalanceFC } of statements)
        assert.equal(
          cents(ClosingBalanceFC),
          cents(OpeningBalanceFC) + total(lines.get(EntryID) ?? [], 'AmountFC'),
        )
    })
  })
}

test('from a company with a handful of rows to one with a million lines, at once', async () => {
  const read = async (scale: number) => {
    const lab = await startLab({ scale })
    try {
      await lab.register({ flags: { enforceMandatoryFilter: false } })
      const lines = Number((await lab.get('bulk/Financial/TransactionLines/$count?$select=ID')).text)
      const sync = 'sync/Financial/TransactionLines'
      const last = await lab.rows(
        `${sync}?$filter=Timestamp gt ${1000 + lines - 2}&$select=Timestamp,ID,EntryID`,
      )
      const [found] = await lab.rows(
        `financialtransaction/TransactionLines(guid'${last[0]?.ID}')?$select=ID,EntryID,FinancialYear`,
      )
      assert.deepEqual([last.length, found?.ID, found?.EntryID], [1, last[0]?.ID, last[0]?.EntryID])
      const accounts = await lab.all('crm/Accounts?$select=ID')
      return { lines, accounts: accounts.length }
    } finally {
      await lab.close()
    }
  }
  // One document of each kind, one line each, and two statements that pay both.
  assert.deepEqual(await read(0.001), { lines: 17, accounts: 1 })
  const large = await read(115)
  assert.ok(large.lines >= 1_000_000, `${large.lines} lines`)
})

test('there are Dutch and Belgian companies, and journals of several years in each', async () => {
  const lab = await startLab({ divisions: 6 })
  try {
    const countries = (await lab.all('system/Divisions?$select=Code,Country')).map(({ Country }) => Country)
    assert.deepEqual(countries, ['NL ', 'BE ', 'NL ', 'NL ', 'BE ', 'NL '])
    for (const { code } of lab.companies.slice(0, 3)) {
      const lines = await lab.all(
        `/api/v1/${code}/bulk/Financial/TransactionLines?$select=FinancialYear,AmountDC&$filter=ID ne null`,
      )
      const years = new Set(lines.map(({ FinancialYear }) => FinancialYear))
      assert.ok(years.size >= 7, `${[...years]}`)
      assert.equal(total(lines, 'AmountDC'), 0)
    }
  } finally {
    await lab.close()
  }
})

test('the same seed gives the same bytes, another seed does not', async () => {
  const pages = async (seed: number) => {
    const lab = await startLab({ seed, scale: 0.1 })
    try {
      const texts: string[] = []
      for (const path of [
        'salesinvoice/SalesInvoices?$filter=InvoiceID ne null',
        'sync/Financial/TransactionLines?$filter=Timestamp gt 1L',
        'system/Divisions',
      ])
        texts.push((await lab.get(path)).text.replaceAll(lab.url, ''))
      return texts
    } finally {
      await lab.close()
    }
  }
  assert.deepEqual(await pages(7), await pages(7))
  const [mine, other] = [await pages(7), await pages(8)]
  for (const [at, text] of mine.entries()) assert.notEqual(text, other[at])
})
