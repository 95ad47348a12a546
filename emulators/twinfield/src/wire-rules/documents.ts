import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { must } from '@sluis/shared'
import { makeOffices } from '../dataset.ts'
import type { XmlNode } from '../xml.ts'
import { type Lab, resultOf, textIn } from './lab.ts'

export function documentRules(lab: Lab): void {
  const { ask, consent, control, process } = lab
  describe('documents (wire facts § 3 and § 4)', () => {
    test('offices are listed without a company, 001 stays text, and only those in reach', async () => {
      const { access } = await consent()
      const list = resultOf(
        (await process('<list><type>offices</type></list>', { access, company: '' }, 'cdata')).text,
      )
      assert.deepEqual(
        list.children.map(({ text }) => text),
        ['001', '010'],
      )
      await control('users', { user: 'gijs', offices: [] })
      const none = await consent('gijs')
      const empty = resultOf(
        (await process('<list><type>offices</type></list>', { access: none.access, company: '' })).text,
      )
      assert.deepEqual(empty.children, [])
    })
    test('dimensions keep leading zeros, entities and line breaks; a missing one says so with status 200', async () => {
      const { access } = await consent()
      const all = resultOf(
        (
          await process('<read><type>dimensions</type><office>001</office><dimtype>DEB</dimtype></read>', {
            access,
          })
        ).text,
      )
      const texts = (name: string) =>
        all.children.map((node) => node.children.find((child) => child.name === name)?.text)
      assert.ok(texts('code').includes('0010'))
      assert.ok(texts('name').some((name) => name?.includes('<& Co>')))
      assert.ok(texts('name').some((name) => name?.includes('\r\n')))
      const bad = resultOf(
        (
          await process(
            '<read><type>dimensions</type><office>001</office><dimtype>DEB</dimtype><code>00590</code></read>',
            { access },
          )
        ).text,
      )
      assert.equal(bad.attributes.msg, 'Dimension 00590 does not exist.')
      assert.equal(bad.attributes.result, '0')
    })
    test('dimensions are stored, changed and deleted by one form of document; a name is always required (§ 3.3)', async () => {
      const { access } = await consent()
      const write = async (inner: string, attributes = '') =>
        resultOf(
          (
            await process(
              `<dimension${attributes}><office>001</office><type>DEB</type>${inner}</dimension>`,
              {
                access,
              },
            )
          ).text,
        )
      const read = async () =>
        resultOf(
          (
            await process(
              '<read><type>dimensions</type><office>001</office><dimtype>DEB</dimtype><code>9001</code></read>',
              { access },
            )
          ).text,
        )
      const textIn = (node: XmlNode, name: string) => node.children.find((child) => child.name === name)?.text
      const made = await write('<code>9001</code><name>Nieuw</name><website>w.example</website>')
      assert.deepEqual([made.attributes.result, textIn(made, 'name')], ['1', 'Nieuw'])
      await write('<code>9001</code><name>Anders</name>')
      const changed = await read()
      assert.deepEqual([textIn(changed, 'name'), textIn(changed, 'website')], ['Anders', 'w.example'])
      for (const [inner, msg] of [
        ['<code>9001</code>', 'De naam mag niet leeg zijn.'],
        [
          '<code>9001</code><name>N</name><inuse>true</inuse>',
          "Het element 'inuse' mag niet worden aangeleverd.",
        ],
        ['<code>9-1</code><name>N</name>', 'De code voldoet niet aan het masker.'],
      ] as const) {
        const refused = await write(inner)
        assert.equal(refused.attributes.result, '0')
        assert.deepEqual(
          refused.children.map(({ attributes }) => attributes.msg),
          [msg],
        )
      }
      const batch = resultOf(
        (
          await process(
            '<dimensions><dimension><office>001</office><type>DEB</type><code>9002</code><name>B</name></dimension><dimension><office>001</office><type>XXX</type><code>9003</code><name>C</name></dimension></dimensions>',
            { access },
          )
        ).text,
      )
      assert.deepEqual(
        [batch.attributes.result, ...batch.children.map(({ attributes }) => attributes.result)],
        ['0', '1', '0'],
      )
      const gone = await write('<code>9001</code><name>Anders</name>', ' status="deleted"')
      assert.deepEqual([gone.attributes.status, gone.attributes.result], ['deleted', '1'])
      assert.equal((await read()).attributes.msg, 'Dimension 9001 does not exist.')
      await write('<code>9002</code><name>B</name>', ' status="deleted"')
    })
    test('sales invoices are stored whole or not, numbered by type, and read by type and number (§ 3.2, § 3.5)', async () => {
      const { access } = await consent()
      const ask = async (document: string) => resultOf((await process(document, { access })).text)
      const invoice = (type: string, article: string, more = '') =>
        `<salesinvoice><header><office>001</office><invoicetype>${type}</invoicetype><invoicedate>20260301</invoicedate><customer>0010</customer>${more}</header><lines><line><article>${article}</article><quantity>2</quantity><vatcode>VH</vatcode></line></lines></salesinvoice>`
      const both = await ask(
        `<salesinvoices>${invoice('CREDIT', 'A001')}${invoice('CREDIT', '')}</salesinvoices>`,
      )
      assert.deepEqual(
        [both.attributes.result, ...both.children.map(({ attributes }) => attributes.result)],
        ['0', '1', '0'],
      )
      const read = (number: string) =>
        ask(
          `<read><type>salesinvoice</type><office>001</office><code>CREDIT</code><invoicenumber>${number}</invoicenumber></read>`,
        )
      assert.deepEqual(
        (await read('1')).children[0]?.children.map(({ name, text }) => [name, text]).slice(0, 3),
        [
          ['office', '001'],
          ['invoicetype', 'CREDIT'],
          ['invoicenumber', '1'],
        ],
      )
      assert.equal((await read('2')).attributes.msg, 'Factuur 2 van type CREDIT bestaat niet.')
      assert.equal((await read('x')).attributes.msg, 'invoicenumber moet een geheel getal zijn.')
      const late = await ask(invoice('CREDIT', 'A001', '<duedate>20260228</duedate>'))
      assert.equal(late.children[0]?.children[0]?.attributes.msg, 'De vervaldatum is ongeldig.')
    })
    test('lists give codes with names; a type that is not known says so (§ 3.1)', async () => {
      const { access } = await consent()
      const list = (type: string) => ask(`<list><type>${type}</type><office>001</office></list>`, access)
      for (const [type, root, tag, code] of [
        ['vat', 'vats', 'vat', 'VH'],
        ['currencies', 'currencies', 'currency', 'EUR'],
        ['articles', 'articles', 'article', 'A001'],
        ['transactiontypes', 'transactiontypes', 'transactiontype', 'VRK'],
        ['users', 'users', 'user', 'ANNA'],
      ] as const) {
        const answer = await list(type)
        const [first] = answer.children
        assert.deepEqual(
          [answer.name, answer.attributes.result, first?.name, first?.text],
          [root, '1', tag, code],
        )
        assert.ok(first?.attributes.name)
      }
      const fields = (await list('browsefields')).children
      const status = fields.find((one) => textIn(one, 'code') === 'fin.trs.head.status')
      const options = status?.children.find(({ name }) => name === 'dropdown')?.children
      assert.deepEqual(
        options?.map(({ text, attributes }) => [text, attributes.name]),
        [
          ['draft', 'Draft'],
          ['temporary', 'Provisional'],
          ['final', 'Final'],
        ],
      )
      assert.equal((await list('nothing')).attributes.result, '0')
    })
    test('reads of one thing, with the words of what is not there (§ 3.2)', async () => {
      const { access } = await consent()
      const read = (type: string, rest: string) => ask(`<read><type>${type}</type>${rest}</read>`, access)
      const office = '<office>001</office>'
      for (const [type, code] of [
        ['vat', 'VH'],
        ['article', 'A001'],
        ['currency', 'EUR'],
        ['user', 'ANNA'],
        ['office', '001'],
        ['browse', '020'],
      ] as const) {
        const answer = await read(type, `${office}<code>${code}</code>`)
        assert.deepEqual([answer.name, answer.attributes.result, textIn(answer, 'code')], [type, '1', code])
      }
      for (const [type, rest, msg] of [
        ['office', office, 'U hebt geen toegang tot deze administratie.'],
        ['office', '<code>001</code>', 'U hebt geen toegang tot deze administratie.'],
        ['vat', `${office}<code>XX</code>`, 'Ongeldige btw-code.'],
        ['article', `${office}<code>XX</code>`, 'De artikelcode is niet gevonden.'],
        ['dimensions', `${office}<dimtype>BAT</dimtype>`, 'Dimension type BAT does not exist.'],
        [
          'dimensions',
          '<office>999</office><dimtype>DEB</dimtype>',
          'U hebt geen toegang tot deze administratie.',
        ],
      ] as const) {
        const answer = await read(type, rest)
        assert.deepEqual(
          [answer.attributes.result, answer.attributes.msgtype, answer.attributes.msg],
          ['0', 'error', msg],
        )
      }
      assert.equal(
        (await ask('<nothing/>', access)).attributes.msg,
        'Incorrecte XML - de bestemming is ongeldig.',
      )
    })
    test('a dimension has every part that was recorded, some of them twice (§ 3.3)', async () => {
      const { access } = await consent()
      const one = await ask(
        '<read><type>dimensions</type><office>001</office><dimtype>DEB</dimtype><code>1001</code></read>',
        access,
      )
      const names = one.children.map(({ name }) => name)
      for (const name of 'office type code uid name shortname inuse behaviour touched modified website vatnumber cocnumber editdimensionname financials creditmanagement addresses banks groups'.split(
        ' ',
      ))
        assert.equal(names.filter((known) => known === name).length, 1, name)
      const limits = one.children.find(({ name }) => name === 'creditmanagement')?.children ?? []
      assert.deepEqual(
        limits.map(({ name }) => name),
        ['basecreditlimit', 'basecreditlimit'],
      )
      assert.equal(textIn(one, 'iban'), 'NL20TEST0001000001')
    })
    test('a dimension that was deleted is restored with what it had (§ 3.3)', async () => {
      const { access } = await consent()
      const write = (attributes: string, more = '') =>
        ask(
          `<dimension ${attributes}><office>001</office><type>CRD</type><code>9100</code><name>Terug</name>${more}</dimension>`,
          access,
        )
      await write('status="active"', '<website>w.example</website>')
      await write('status="deleted"')
      const restored = await write('status="active"')
      assert.deepEqual([restored.attributes.status, textIn(restored, 'website')], ['active', 'w.example'])
      await write('status="deleted"')
    })
    test('a booking is answered with number, location, dates and what the lines became (§ 3.5)', async () => {
      const { access } = await consent()
      const line = (type: string, dim1: string, dim2: string, value: string, side: string, vat = '') =>
        `<line type="${type}"><dim1>${dim1}</dim1>${dim2 && `<dim2>${dim2}</dim2>`}<value>${value}</value><debitcredit>${side}</debitcredit>${vat && `<vatcode>${vat}</vatcode>`}</line>`
      const booking = (net: string) =>
        `<transactions><transaction destiny="temporary"><header><office>001</office><code>VRK</code><currency>EUR</currency><date>20260331</date><period>2026/03</period></header><lines>${line('total', '1300', '1000', '121.00', 'debit')}${line('detail', '8020', '', net, 'credit', 'VH')}${line('vat', '1530', '', '21.00', 'credit', 'VH')}</lines></transaction></transactions>`
      const wrong = (await ask(booking('99.99').replace('1000', '1001'), access)).children[0]
      assert.equal(wrong?.attributes.msg, 'De boeking is niet in balans. Er ontbreekt 0.01 credit.')
      const unknown = await ask(booking('100.00').replace('1000', '00590'), access)
      assert.match(JSON.stringify(unknown), /Dimension 00590 does not exist\./)
      const stored = must((await ask(booking('100.00').replace('1000', '1001'), access)).children[0])
      const number = must(textIn(stored, 'number'))
      assert.match(number, /^2026\d{5}$/)
      assert.equal(stored.attributes.location, 'temporary')
      assert.match(textIn(stored, 'modificationdate') ?? '', /^\d{14}$/)
      const read = await ask(
        `<read><type>transaction</type><office>001</office><code>VRK</code><number>${number}</number></read>`,
        access,
      )
      const [total, , vat] = must(read.children.find(({ name }) => name === 'lines')).children
      assert.deepEqual(
        [textIn(must(total), 'matchstatus'), textIn(must(total), 'basevalueopen')],
        ['available', '121.00'],
      )
      assert.deepEqual([textIn(must(vat), 'vatturnover'), textIn(must(vat), 'baseline')], ['100.00', '2'])
      // Read answers tell the type in another attribute than answers to writes.
      const typeOf = (node: XmlNode) =>
        must(node.children.find(({ name }) => name === 'lines')).children[0]?.children[1]?.attributes
      assert.deepEqual(
        [{ ...typeOf(read) }, { ...typeOf(stored) }],
        [{ dimensiontype: 'DEB' }, { type: 'DEB' }],
      )
    })
    test('lines are matched with each other, or the set is refused with its reasons (§ 3.5)', async () => {
      const { access } = await consent()
      const booking = (side: string, other: string) =>
        `<transaction destiny="final"><header><office>001</office><code>VRK</code><date>20260331</date><period>2026/03</period></header><lines><line type="total"><dim1>1300</dim1><dim2>1001</dim2><value>50.00</value><debitcredit>${side}</debitcredit></line><line type="detail"><dim1>8000</dim1><value>50.00</value><debitcredit>${other}</debitcredit></line></lines></transaction>`
      const numbers: string[] = []
      for (const [side, other] of [
        ['debit', 'credit'],
        ['credit', 'debit'],
      ] as const)
        numbers.push(must(textIn(await ask(booking(side, other), access), 'number')))
      const match = (code: string, lines: readonly string[]) =>
        ask(
          `<match><set><office>001</office><matchcode>${code}</matchcode><matchdate>20260331</matchdate><lines>${lines.join('')}</lines></set></match>`,
          access,
        )
      const line = (number = '', value = '') =>
        `<line><transcode>VRK</transcode><transnumber>${number}</transnumber><transline>1</transline>${value && `<matchvalue>${value}</matchvalue>`}</line>`
      const [one, other] = numbers
      for (const [code, lines] of [
        ['999', [line(one), line(other)]],
        ['270', [line(one), line(other)]],
        ['170', [line(one)]],
        ['170', [line(one, '30.00'), line(other)]],
        ['170', [line('1'), line(other)]],
      ] as const) {
        const refused = await match(code, lines)
        assert.equal(refused.attributes.result, '0')
        assert.equal(refused.children[0]?.children[0]?.attributes.msgtype, 'error')
      }
      assert.equal((await match('170', [line(one), line(other)])).attributes.result, '1')
      for (const number of numbers) {
        const read = await ask(
          `<read><type>transaction</type><office>001</office><code>VRK</code><number>${number}</number></read>`,
          access,
        )
        assert.deepEqual([textIn(read, 'matchstatus'), textIn(read, 'basevalueopen')], ['matched', '0.00'])
      }
      assert.equal((await match('170', [line(one), line(other)])).attributes.result, '0')
    })
    test('an electronic statement is taken in once, and refused as a duplicate after (§ 3.4, § 3.5)', async () => {
      const { access } = await consent()
      const statement = (closing: string, more = '') =>
        `<statement target="electronicstatements"${more}><iban>NL91TEST0000000001</iban><date>20260430</date><statementnumber>77</statementnumber><currency>EUR</currency><startvalue>10.00</startvalue><closevalue>${closing}</closevalue><transactions><transaction><debitcredit>credit</debitcredit><value>5.50</value></transaction></transactions></statement>`
      assert.equal((await ask(statement('15.49'), access)).attributes.status, 'fail')
      assert.equal((await ask(statement('15.50'), access)).attributes.result, '1')
      const again = await ask(statement('15.50'), access)
      assert.deepEqual(
        [again.attributes.status, again.attributes.importduplicate, again.attributes.result],
        ['fail', '0', '0'],
      )
      assert.match(again.attributes.msg ?? '', /^Duplicate found: /)
      assert.equal((await ask(statement('15.50', ' importduplicate="1"'), access)).attributes.result, '1')
    })
    test('browse data: asked fields combine, only visible columns come back in order, the key is whole', async () => {
      const { access } = await consent()
      const column = (field: string, rest = '<visible>true</visible>') =>
        `<column><field>fin.trs.${field}</field>${rest}</column>`
      const ask = (from: string, to: string) =>
        `<visible>false</visible><ask>true</ask><operator>between</operator><from>${from}</from><to>${to}</to>`
      const read = async (code: string, columns: string) =>
        resultOf((await process(`<columns code="${code}">${columns}</columns>`, { access })).text)
      const all = await read('030_2', column('line.dim1') + column('line.basevaluesigned'))
      const some = await read(
        '030_2',
        column('head.yearperiod', ask('2026/02', '2026/02')) + column('line.dim1') + column('head.date'),
      )
      const rows = some.children.filter(({ name }) => name === 'tr')
      assert.ok(rows.length > 0 && rows.length < Number(all.attributes.total))
      assert.ok(rows.every((row) => /^202602/.test(row.children[1]?.text ?? '')))
      assert.deepEqual(
        rows[0]?.children.map(({ name }) => name),
        ['td', 'td', 'key'],
      )
      assert.deepEqual(
        rows[0]?.children[2]?.children.map(({ name }) => name),
        ['office', 'code', 'number', 'line'],
      )
      assert.equal((await read('030_2', column('head.nothing'))).attributes.msg, 'Veld bestaat niet')
      assert.equal(
        (
          await read(
            '100',
            column('head.code', '<visible>false</visible><operator>equal</operator><from>VRK</from>'),
          )
        ).attributes.result,
        '0',
      )
    })
    test('browse data carry types, dates as people read them and codes in the user’s words; sorted as asked (§ 4)', async () => {
      for (const [user, language, words] of [
        [
          'nel',
          'nl',
          { final: 'Definitief', debit: 'Debet', available: 'Beschikbaar', matched: 'Afgeletterd' },
        ],
        ['nat', 'en', { final: 'Final', debit: 'Debit', available: 'Available', matched: 'Matched' }],
      ] as const) {
        await control('users', { user, language })
        const { access } = await consent(user)
        const fields = [
          'head.date',
          'head.modified',
          'head.number',
          'head.status',
          'line.matchstatus',
          'line.basevaluesigned',
        ]
        const columns = fields.map(
          (field) => `<column><field>fin.trs.${field}</field><visible>true</visible></column>`,
        )
        const answer = await ask(
          `<columns code="130_1" optimize="true"><sort><field order="descending">fin.trs.head.date</field></sort>${columns.join('')}</columns>`,
          access,
        )
        const rows = answer.children.filter(({ name }) => name === 'tr')
        assert.equal(answer.attributes.total, String(rows.length))
        const dates = rows.map(({ children: [date] }) => date?.text ?? '')
        assert.deepEqual(dates, dates.toSorted().reverse())
        const shown = new Map<string, string | undefined>()
        for (const { children } of rows)
          for (const { attributes, text } of children) {
            if (attributes.type === 'Date')
              assert.equal(attributes.name, `${text.slice(6)}/${text.slice(4, 6)}/${text.slice(0, 4)}`)
            if (attributes.type === 'Datetime')
              assert.match(attributes.name ?? '', /^\d\d\/\d\d\/\d{4} \d\d:\d\d:\d\d$/)
            shown.set(text, attributes.name)
          }
        const sides = await ask(
          '<columns code="030_2"><column><field>fin.trs.line.debitcredit</field><visible>true</visible></column></columns>',
          access,
        )
        for (const { children } of sides.children.filter(({ name }) => name === 'tr'))
          shown.set(children[0]?.text ?? '', children[0]?.attributes.name)
        for (const [code, word] of Object.entries(words)) assert.equal(shown.get(code), word)
        assert.deepEqual(
          rows[0]?.children.slice(0, -1).map(({ attributes }) => attributes.type),
          ['Date', 'Datetime', 'Decimal', 'String', 'String', 'Value'],
        )
      }
    })
    test('a status of `normal` is provisional and final ones, `$DEFAULT$` and nothing are no bounds (§ 4)', async () => {
      const { access } = await consent()
      const statuses = async (operator: string) => {
        const answer = await ask(
          `<columns code="030_2"><column><field>fin.trs.head.status</field><visible>true</visible>${operator}</column></columns>`,
          access,
        )
        const rows = answer.children.filter(({ name }) => name === 'tr')
        return [...new Set(rows.map(({ children: [status] }) => status?.text))].sort()
      }
      const equal = (text: string) => `<operator>equal</operator><from>${text}</from>`
      assert.deepEqual(await statuses(''), ['draft', 'final', 'temporary'])
      assert.deepEqual(await statuses(equal('normal')), ['final', 'temporary'])
      assert.deepEqual(await statuses(equal('draft')), ['draft'])
      const period = (from: string, to: string) =>
        ask(
          `<columns code="030_2"><column><field>fin.trs.head.yearperiod</field><visible>true</visible><operator>between</operator><from>${from}</from><to>${to}</to></column></columns>`,
          access,
        )
      const [open, usual] = [await period('', ''), await period('$DEFAULT$', '')]
      assert.equal(open.attributes.total, usual.attributes.total)
      const refused = await ask(
        '<columns code="030_2"><column><field>fin.trs.head.status</field><visible>true</visible><operator>notequal</operator><from>x</from></column></columns>',
        access,
      )
      assert.equal(refused.attributes.result, '0')
    })
    test('code 100 takes no filter on the match status and has signed amounts only (§ 4)', async () => {
      const { access } = await consent()
      const column = (field: string, more = '') =>
        `<columns code="100"><column><field>fin.trs.${field}</field><visible>true</visible>${more}</column></columns>`
      assert.equal((await ask(column('line.basevaluesigned'), access)).attributes.result, '1')
      for (const field of ['line.basevalue', 'line.value', 'line.basedebet'])
        assert.equal((await ask(column(field), access)).attributes.msg, 'Veld bestaat niet')
      const filtered = column('line.matchstatus', '<operator>equal</operator><from>available</from>')
      assert.equal((await ask(filtered, access)).attributes.result, '0')
    })
    test('every transaction is in balance, with each status and match status present', () => {
      for (const office of makeOffices({ seed: 7, offices: 2, scale: 2, vatNumbers: [] })) {
        for (const { lines } of office.transactions)
          assert.equal(
            lines.reduce((sum, { cents }) => sum + cents, 0),
            0,
          )
        const codes = new Set(office.dimensions.map(({ code }) => code))
        const lines = office.transactions.flatMap((one) => one.lines)
        assert.ok(lines.every(({ dim1, dim2 }) => codes.has(dim1) && (dim2 === '' || codes.has(dim2))))
        assert.deepEqual([...new Set(office.transactions.map(({ status }) => status))].sort(), [
          'draft',
          'final',
          'temporary',
        ])
        assert.deepEqual([...new Set(lines.map(({ matchStatus }) => matchStatus))].sort(), [
          'available',
          'matched',
          'notmatchable',
        ])
      }
    })
  })
}
