import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Lab } from './lab.ts'

export function finderRules(lab: Lab): void {
  const { consent, control, process, soap } = lab
  describe('finder and session (wire facts § 5)', () => {
    const search = (type: string, first: number, most: number, access: string) =>
      soap(
        'finder',
        `<Search xmlns="http://www.twinfield.com/"><type>${type}</type><pattern>*</pattern><field>0</field><firstRow>${first}</firstRow><maxRows>${most}</maxRows><options><ArrayOfString><string>dimtype</string><string>DEB</string></ArrayOfString></options></Search>`,
        { access },
      )
    test('pages by firstRow and maxRows; a wrong type is an error message', async () => {
      const { access } = await consent()
      const page = await search('DIM', 3, 2, access)
      assert.match(page.text, /<TotalRows>8<\/TotalRows>/)
      assert.equal(page.text.match(/<ArrayOfString>/g)?.length, 2)
      assert.match((await search('NIX', 1, 2, access)).text, /<Code>InvalidFinderType<\/Code>/)
    })
    const find = (
      type: string,
      {
        options = {},
        pattern = '*',
        field = '0',
        first = '1',
        most = '100',
      }: {
        options?: Readonly<Record<string, string>>
        pattern?: string
        field?: string
        first?: string
        most?: string
      },
      access: string,
    ) => {
      const pairs = Object.entries(options).map(
        ([name, value]) => `<ArrayOfString><string>${name}</string><string>${value}</string></ArrayOfString>`,
      )
      return soap(
        'finder',
        `<Search xmlns="http://www.twinfield.com/"><type>${type}</type><pattern>${pattern}</pattern><field>${field}</field><firstRow>${first}</firstRow><maxRows>${most}</maxRows><options>${pairs.join('')}</options></Search>`,
        { access },
      )
    }
    test('each error has its code, of which parameter or option (§ 5.1)', async () => {
      const { access } = await consent()
      for (const [type, asked, code] of [
        ['NIX', {}, 'InvalidFinderType'],
        ['DIM', { first: '0' }, 'ParameterTooSmall'],
        ['DIM', { most: '0' }, 'ParameterTooSmall'],
        ['DIM', { field: '5' }, 'ParameterOutOfRange'],
        ['DIM', { options: { office: '999' } }, 'NoAccessToOffice'],
        ['DIM', { options: { nothing: '1' } }, 'OptionNotAllowed'],
        ['VAT', { options: { dimtype: 'DEB' } }, 'OptionNotAllowed'],
        ['DIM', { options: { includehidden: 'yes' } }, 'InvalidBooleanOptionValue'],
        ['DIM', { options: { level: 'one' } }, 'InvalidIntegerOptionValue'],
        ['DIM', { options: { level: '7' } }, 'OptionValueOutOfRange'],
        ['IVT', { options: { openvalue: 'much' } }, 'InvalidDecimalOptionValue'],
        ['DIM', { options: { dimtype: 'XXX' } }, 'InvalidEnumerationOptionValue'],
        ['DIM', { options: { matchtype: 'KPL' } }, 'InvalidEnumerationOptionValue'],
        ['DIM', { options: { section: 'other' } }, 'InvalidEnumerationOptionValue'],
        [
          'DIM',
          { options: { office: '001', company: '001' } },
          'OptionCompanyAndOptionOfficeCannotBeBothProvided',
        ],
      ] as const) {
        const answer = await find(type, asked, access)
        assert.equal(answer.status, 200)
        assert.match(answer.text, /<MessageOfErrorCodes><Type>Error<\/Type><Text>[^<]+<\/Text>/)
        assert.match(answer.text, new RegExp(`<Code>${code}</Code><Parameters><string>`))
      }
    })
    test('options narrow: type, match type, level, modified since, another office (§ 5.1)', async () => {
      const { access } = await consent()
      const total = async (options: Readonly<Record<string, string>>) =>
        Number(/<TotalRows>(\d+)/.exec((await find('DIM', { options }, access)).text)?.[1])
      const customers = await total({ dimtype: 'DEB' })
      assert.equal(await total({ matchtype: 'DEB' }), customers)
      assert.equal(await total({ dimtype: 'DEB', level: '2' }), customers)
      assert.equal(await total({ dimtype: 'DEB', level: '1' }), 0)
      assert.equal(await total({ dimtype: 'DEB', group: 'G' }), 0)
      const since = await total({ dimtype: 'DEB', modifiedsince: '20260106' })
      assert.ok(since > 0 && since < customers)
      assert.equal(await total({ dimtype: 'DEB', modifiedsince: '20260106235959' }), since - 1)
      assert.equal(await total({ dimtype: 'DEB', office: '010' }), customers)
    })
    test('a pattern looks in code, name, bank account or address, as the field says (§ 5.1)', async () => {
      const { access } = await consent()
      const codes = async (pattern: string, field: string) => {
        const { text } = await find('DIM', { pattern, field, options: { dimtype: 'DEB' } }, access)
        return [...text.matchAll(/<ArrayOfString><string>([^<]*)</g)].map(([, code]) => code)
      }
      assert.deepEqual(await codes('100?', '1'), ['1001', '1002', '1003', '1004', '1005', '1006', '1007'])
      assert.deepEqual(await codes('100?', '2'), [])
      assert.deepEqual(await codes('klant*', '2'), ['0010', '1006'])
      assert.deepEqual(await codes('NL20TEST0001000003', '3'), ['1003'])
      assert.deepEqual(await codes('gent', '4'), ['1002', '1006'])
      assert.deepEqual(await codes('gent', '0'), [])
    })
    test('SelectCompany says Ok or Invalid', async () => {
      const { access } = await consent()
      const select = (company: string) =>
        soap(
          'session',
          `<SelectCompany xmlns="http://www.twinfield.com/"><company>${company}</company></SelectCompany>`,
          { access },
        )
      assert.match((await select('010')).text, />Ok</)
      assert.match((await select('011')).text, />Invalid</)
    })
    test('each service describes itself with its own address (§ 7.2)', async () => {
      const text = await (await fetch(`${lab.url}/c1/webservices/finder.asmx?wsdl`)).text()
      assert.ok(text.includes(`location="${lab.url}/c1/webservices/finder.asmx"`))
    })
    test('the ledger holds every call and no token', async () => {
      const { access } = await consent()
      const { last } = await control('ledger')
      await process('<list><type>offices</type></list>', { access, company: '' })
      const { entries, totals } = await control(`ledger?since=${last}`)
      assert.equal(totals.api, 1)
      assert.equal(entries[0].route, 'processxml/list offices')
      assert.equal(JSON.stringify(await control('ledger')).includes(access), false)
    })
  })
}
