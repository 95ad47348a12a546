import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isSluisError, must } from '@sluis/shared'
import fc from 'fast-check'
import { readFinderPage } from './finder.ts'
import { readXmlPage } from './page.ts'
import { bankStatements, deletedTransactions, readQueryPage } from './query-services.ts'
import { escapeXml, judgeAnswer } from './soap.ts'
import { dimensionTypes } from './tables.ts'
import { judgeWrite, twinfieldWrites } from './writes.ts'

const answer = (document: string) =>
  Buffer.from(
    `<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="s"><soap:Body><ProcessXmlDocumentResponse xmlns="http://www.twinfield.com/"><ProcessXmlDocumentResult>${document}</ProcessXmlDocumentResult></ProcessXmlDocumentResponse></soap:Body></soap:Envelope>`,
  )
const rowsOf = ({ bytes }: { bytes: Buffer }) =>
  bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, string>)
const isUnreadable = (error: unknown) => isSluisError(error, 'PLATFORM_UNAVAILABLE')

describe('pages of documents', () => {
  test('whatever text stands in a field is read as it is, wherever the bytes are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1 }), (texts) => {
        // Characters that no XML document can hold are no answers.
        const sent = texts.map((one) => one.replace(/[^\x20-\uD7FF\uE000-\uFFFD]/g, '').trim() || 'é')
        const trs = sent.map((one) => `<tr><td field="f">${escapeXml(one)}</td></tr>`).join('')
        const filler = `<tr><td field="f">${'é'.repeat(40_000)}</td></tr>`
        const rows = rowsOf(readXmlPage(answer(`<browse result="1">${filler}${trs}</browse>`)))
        assert.deepEqual(
          rows.slice(1).map(({ f }) => f),
          sent,
        )
      }),
      { numRuns: 30 },
    )
  })
  test('of an element that comes twice the first counts, an empty one is NULL, codes keep their zeros', () => {
    const [row] = rowsOf(
      readXmlPage(
        answer(
          '<dimensions><dimension status="active"><code>0010</code><shortname/><creditmanagement><basecreditlimit>1</basecreditlimit><basecreditlimit>2</basecreditlimit></creditmanagement></dimension></dimensions>',
        ),
      ),
    )
    assert.deepEqual(row, { '@status': 'active', code: '0010', 'creditmanagement/basecreditlimit': '1' })
  })
  test('what is cut off or holds no document is an error, never an empty table', () => {
    const whole = answer('<browse result="1"><tr><td field="f">1</td></tr></browse>')
    for (const bad of [whole.subarray(0, -20), Buffer.from('<html/>'), Buffer.from('')])
      assert.throws(() => readXmlPage(bad), isUnreadable)
    assert.throws(
      () => readQueryPage(Buffer.from('<soap:Envelope xmlns:soap="s"/>'), deletedTransactions),
      isUnreadable,
    )
    assert.throws(() => readFinderPage(Buffer.from('<a><b></a>'), 'u'), isUnreadable)
  })
  test('members of a query’s row are read, what stands deeper does not take their place', () => {
    const [row, ...others] = rowsOf(
      readQueryPage(
        Buffer.from(
          '<Result xmlns:a="a" xmlns:i="i"><a:BankStatements><a:BankStatement><a:Lines><a:Line><a:Code>X</a:Code></a:Line></a:Lines><a:Code>BNK</a:Code><a:TransactionNumber i:nil="true"/></a:BankStatement></a:BankStatements></Result>',
        ),
        bankStatements,
      ),
    )
    assert.deepEqual([row, others], [{ Code: 'BNK' }, []])
  })
  test('an invoice has all its lines; one that is not there is no row', () => {
    const [row] = rowsOf(
      readXmlPage(
        answer(
          '<salesinvoice result="1"><header><invoicenumber>7</invoicenumber></header><lines><line id="1"><article>A</article><units/></line><line id="2"><article>B</article></line></lines></salesinvoice>',
        ),
      ),
    )
    assert.deepEqual(row, {
      '@result': '1',
      'header/invoicenumber': '7',
      Lines: [{ article: 'A' }, { article: 'B' }],
    })
    const missing = answer(
      '<salesinvoice msgtype="error" msg="Factuur 1 van type NO bestaat niet." result="0"/>',
    )
    assert.deepEqual(rowsOf(readXmlPage(missing)), [])
    const read = (text: string) => judgeAnswer({ status: 200, headers: {}, body: answer(text) }, 0).kind
    assert.equal(judgeAnswer({ status: 200, headers: {}, body: missing }, 0).kind, 'rows')
    assert.equal(
      read('<salesinvoice msgtype="error" msg="De administratie is gesloten." result="0"/>'),
      'refused',
    )
  })
  test('a finder page leads to the row after its last, and to nothing at the end or when it is empty', () => {
    const page = (rows: number, url: string) =>
      readFinderPage(
        Buffer.from(
          `<d><TotalRows>30</TotalRows><Columns><string>Code</string></Columns><Items>${'<ArrayOfString><string>a</string></ArrayOfString>'.repeat(rows)}</Items></d>`,
        ),
        url,
      )
    assert.equal(page(25, 'https://x/f').next, 'https://x/f#firstRow=26')
    assert.equal(page(5, 'https://x/f#firstRow=26').next, null)
    assert.equal(page(0, 'https://x/f#firstRow=26').next, null)
  })
})

describe('what an answer says of a booking', () => {
  const judge = (status: number, body: Buffer | string) =>
    judgeWrite({ status, headers: {}, body: Buffer.from(body) }, 0)
  const fault = (code: number) =>
    `<soap:Fault><faultstring>x</faultstring><detail><code>${code}</code></detail></soap:Fault>`

  test('stored, refused with every reason, or not known', () => {
    assert.deepEqual(
      judge(200, answer('<transactions result="1"><transaction result="1"/></transactions>')),
      {
        kind: 'done',
      },
    )
    const refused = judge(
      200,
      answer(
        '<transactions result="0"><transaction result="0"><header><code msgtype="error" msg="Onbekend &amp; fout.//Leeg." result="0">X</code><dim1 msgtype="error" msg="Dimension 9 does not exist." result="0">9</dim1></header></transaction></transactions>',
      ),
    )
    assert.deepEqual(refused, {
      kind: 'refused',
      text: 'code: Onbekend & fout.//Leeg.; dim1: Dimension 9 does not exist.',
    })
    assert.equal(judge(200, '<html>Maintenance</html>').kind, 'unknown')
    assert.equal(judge(524, 'A timeout occurred').kind, 'unknown')
    assert.equal(judge(500, fault(100)).kind, 'unknown')
  })
  test('what was certainly not done is told apart: token, minute, cluster, rights', () => {
    assert.equal(judge(401, fault(354)).kind, 'token-refused')
    assert.equal(judge(401, fault(103)).kind, 'token-refused')
    assert.equal(judge(429, 'Too many').kind, 'rate-limited')
    assert.equal(judge(500, fault(108)).kind, 'moved')
    assert.equal(judge(500, fault(109)).kind, 'refused')
  })
  test('amounts are sent in cents, days without time, texts escaped; anything else is refused by its name', () => {
    const line = { Type: 'total', Dim1: '0010', Value: 121, DebitCredit: 'debit', Description: '<&>' }
    const send = (values: object, more: object = {}) =>
      must(
        twinfieldWrites(dimensionTypes).request('https://x', {
          verb: 'insert',
          table: {
            schema: 'transactions',
            name: 'Transactions',
            columns: [],
            partitionColumn: 'Office',
            isPartitionFromUrl: true,
          },
          partition: { id: '001', name: 'Demo', isReadable: true },
          key: null,
          values: new Map(
            Object.entries({
              Code: 'VRK',
              Date: '2026-03-31 00:00:00',
              Period: '2026/03',
              Lines: [{ ...line, ...more }],
              ...values,
            }),
          ),
        }).body,
      )
    assert.match(send({}), /<date>20260331<\/date><period>2026\/03<\/period>/)
    assert.match(send({}), /<dim1>0010<\/dim1><value>121\.00<\/value>.*<description>&lt;&amp;&gt;</)
    assert.match(send({}, { Value: '0.5000000000' }), /<value>0\.50</)
    for (const [values, more, field] of [
      [{ Period: '2026-03' }, {}, 'Period'],
      [{ Date: '2026-03-31 12:00:00' }, {}, 'Date'],
      [{ Destiny: 'draft' }, {}, 'Destiny'],
      [{ Lines: Array(1001).fill(line) }, {}, 'Lines'],
      [{}, { Value: -1 }, 'Lines.Value'],
      [{}, { Value: '1.005' }, 'Lines.Value'],
      [{}, { Type: 'sum' }, 'Lines.Type'],
      [{}, { DebitCredit: 'D' }, 'Lines.DebitCredit'],
    ] as const) {
      assert.throws(
        () => send(values, more),
        (error: unknown) => isSluisError(error, 'INVALID_REQUEST') && error.details.field === field,
      )
    }
  })
})
