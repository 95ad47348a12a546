import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { must } from '@sluis/shared'
import { SaxesParser } from 'saxes'
import { type Lab, startLab } from './testing/lab.ts'

let lab: Lab
before(async () => {
  lab = await startLab()
})
after(() => lab.close())

const units = 'logistics/Units'
const fetchAs = (path: string, accept: string | null) =>
  lab.call(path, { headers: accept === null ? { accept: '' } : { accept } })

/** Element names with their attributes and texts, in order; throws where the XML is not well-formed. */
function parseXml(text: string) {
  const elements: { name: string; attributes: Record<string, string>; text: string }[] = []
  const open: (typeof elements)[number][] = []
  const parser = new SaxesParser()
  parser.on('error', (error) => {
    throw error
  })
  parser.on('opentag', ({ name, attributes }) => {
    const element = { name, attributes: attributes as Record<string, string>, text: '' }
    elements.push(element)
    open.push(element)
  })
  parser.on('text', (part) => {
    const top = open.at(-1)
    if (top) top.text += part
  })
  parser.on('closetag', () => void open.pop())
  parser.write(text).close()
  return elements
}

describe('§ 3.2: what Accept asks for', () => {
  for (const [accept, status, type] of [
    [null, 200, 'application/atom+xml;type=feed;charset=utf-8'],
    ['*/*', 200, 'application/atom+xml;type=feed;charset=utf-8'],
    ['application/atom+xml', 200, 'application/atom+xml;type=feed;charset=utf-8'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 200, 'application/atom+xml;type=feed;charset=utf-8'],
    ['application/json', 200, 'application/json; charset=utf-8'],
    ['application/json;odata=verbose', 200, 'application/json; charset=utf-8'],
    ['application/json, text/plain, */*', 200, 'application/json; charset=utf-8'],
    ['APPLICATION/JSON', 200, 'application/json; charset=utf-8'],
    ['application/json;q=0.1, application/atom+xml', 200, 'application/atom+xml;type=feed;charset=utf-8'],
    ['application/xml', 415, 'application/xml;charset=utf-8'],
    ['text/html', 415, 'application/xml;charset=utf-8'],
  ] as const) {
    test(`§ 3.2: ${accept ?? 'no Accept at all'} is answered with ${status} ${type.split(';')[0]}`, async () => {
      const answer = await fetchAs(`${units}?$top=1`, accept)
      assert.deepEqual([answer.status, answer.headers.get('content-type')], [status, type])
      if (status === 415) assert.match(answer.text, /Unsupported media type requested\./)
    })
  }

  test('§ 3.2: an error without JSON asked for is XML with the same text', async () => {
    const answer = await fetchAs('crm/Accounts?$filter=Nothing eq 1', '*/*')
    const elements = parseXml(answer.text)
    assert.deepEqual(
      [answer.status, answer.headers.get('content-type')],
      [400, 'application/xml;charset=utf-8'],
    )
    assert.deepEqual(
      elements.map(({ name }) => name),
      ['error', 'code', 'message'],
    )
    const json = await lab.get('crm/Accounts?$filter=Nothing eq 1')
    assert.equal(elements[2]?.text, json.message)
    assert.match(must(json.message), /No property 'Nothing' exists/)
  })
})

describe('§ 3.2: Atom has what JSON has', () => {
  const value = (type: string | undefined, text: string, isNull: boolean): unknown => {
    if (isNull) return null
    if (type === 'Edm.DateTime') return `/Date(${Date.parse(`${text}Z`)})/`
    if (type === 'Edm.Boolean') return text === 'true'
    return type && /Int16|Int32|Double|Byte/.test(type) ? Number(text) : text
  }
  /** The rows of a feed or entry as JSON would show them. */
  function rowsOf(xml: string) {
    const rows: Record<string, unknown>[] = []
    for (const { name, attributes, text } of parseXml(xml)) {
      if (name === 'm:properties') rows.push({})
      const row = rows.at(-1)
      if (row && name.startsWith('d:'))
        row[name.slice(2)] = value(attributes['m:type'], text, attributes['m:null'] === 'true')
    }
    return rows
  }
  const flat = (rows: readonly Record<string, unknown>[]) =>
    rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).filter(
          ([name, cell]) => name !== '__metadata' && (cell === null || typeof cell !== 'object'),
        ),
      ),
    )

  for (const path of [
    'crm/Accounts?$filter=ID ne null',
    'salesinvoice/SalesInvoices?$filter=InvoiceID ne null&$top=3',
    'sync/Financial/TransactionLines?$filter=Timestamp gt 1L&$top=20',
    'bulk/Documents/DocumentAttachments?$select=ID,Url,FileSize,Attachment',
    'system/Divisions',
    '/api/v1/current/Me',
  ]) {
    test(`§ 3.3: ${path.split('?')[0]} has the same values in both`, async () => {
      const json = await lab.rows(path)
      const atom = await fetchAs(path, 'application/atom+xml')
      assert.deepEqual(rowsOf(atom.text), flat(json))
    })
  }

  test('§ 3.3: a feed tells ids, the way to lines, the count and the next page', async () => {
    const path = 'salesinvoice/SalesInvoices?$filter=InvoiceID ne null&$inlinecount=allpages'
    const { d } = await lab.get(path)
    const elements = parseXml((await fetchAs(path, '*/*')).text)
    const ids = elements.filter(({ name }) => name === 'id').map(({ text }) => text)
    assert.deepEqual(
      ids.slice(1),
      d.results.map((row: { __metadata: { uri: string } }) => row.__metadata.uri),
    )
    assert.equal(elements.find(({ name }) => name === 'm:count')?.text, d.__count)
    const links = elements.filter(({ name }) => name === 'link')
    assert.equal(links.find(({ attributes }) => attributes.rel === 'next')?.attributes.href, d.__next)
    const base = elements[0]?.attributes['xml:base']
    const lines = links.find(({ attributes }) => attributes.title === 'SalesInvoiceLines')
    assert.equal(`${base}${lines?.attributes.href}`, d.results[0].SalesInvoiceLines.__deferred.uri)
    assert.equal(
      elements.find(({ name }) => name === 'category')?.attributes.term,
      'Exact.Web.Api.Models.SalesInvoice',
    )
  })

  test('§ 3.3: expanded lines stand inside their entry', async () => {
    const path = 'salesinvoice/SalesInvoices?$filter=InvoiceID ne null&$top=2&$expand=SalesInvoiceLines'
    const json = await lab.rows(path)
    const lines = json.flatMap((row) => (row.SalesInvoiceLines as { results: unknown[] }).results)
    const elements = parseXml((await fetchAs(path, '*/*')).text)
    assert.equal(elements.filter(({ name }) => name === 'm:inline').length, 2)
    assert.equal(elements.filter(({ name }) => name === 'entry').length, 2 + lines.length)
  })

  test('§ 3.3: one entity is an entry, a function one element', async () => {
    const [unit] = await lab.rows(`${units}?$top=1`)
    const one = await fetchAs(`${units}(guid'${unit?.ID}')`, '*/*')
    assert.equal(one.headers.get('content-type'), 'application/atom+xml;type=entry;charset=utf-8')
    assert.equal(parseXml(one.text)[0]?.name, 'entry')
    assert.deepEqual(rowsOf(one.text), flat([must(unit)]))
    const right = await fetchAs("users/UserHasRights?endpoint='logistics/Items'&action='GET'", '*/*')
    const [element] = parseXml(right.text)
    assert.deepEqual(
      [element?.name, element?.attributes['m:type'], element?.text],
      ['UserHasRights', 'Edm.Boolean', 'true'],
    )
  })

  test('§ 3.3: the version of OData is 1 for a bare list and one entity, 2 where the server pages or counts', async () => {
    const version = async (path: string) => (await lab.get(path)).headers.get('dataserviceversion')
    const [unit] = await lab.rows(`${units}?$top=1`)
    assert.deepEqual(
      [
        await version(`${units}?$top=1`),
        await version(`${units}(guid'${unit?.ID}')`),
        await version(units),
        await version(`${units}?$top=1&$inlinecount=allpages`),
      ],
      ['1.0;', '1.0;', '2.0;', '2.0;'],
    )
  })
})

describe('§ 3.3: values', () => {
  test('§ 3.3: texts of fixed width keep their blanks: codes of accounts in front, countries and VAT codes behind', async () => {
    const accounts = await lab.rows('bulk/CRM/Accounts?$filter=ID ne null&$select=Code,Country,SalesVATCode')
    const lines = await lab.rows('bulk/SalesInvoice/SalesInvoiceLines?$filter=ID ne null&$select=VATCode')
    const codes = await lab.rows('vat/VATCodes?$select=Code')
    for (const [rows, name, pattern] of [
      [accounts, 'Code', /^ {1,17}\d+$/],
      [accounts, 'Country', /^[A-Z]{2} $/],
      [accounts, 'SalesVATCode', /^\d {2}$/],
      [lines, 'VATCode', /^\d {2}$/],
      [codes, 'Code', /^\d {2}$|^\d\d $/],
    ] as const) {
      const texts = rows.map((row) => row[name]).filter((text) => text !== null)
      assert.ok(texts.length > 0, name)
      for (const text of texts) {
        assert.match(String(text), pattern, name)
        assert.equal(String(text).length, rows === accounts && name === 'Code' ? 18 : 3, name)
      }
    }
  })

  for (const [path, type] of [
    ['crm/Accounts?$filter=ID ne null&$top=1', 'Exact.Web.Api.Models.Account'],
    ['logistics/Items?$filter=ID ne null&$top=1', 'Exact.Web.Api.Models.Item'],
    ['salesinvoice/SalesInvoices?$filter=InvoiceID ne null&$top=1', 'Exact.Web.Api.Models.SalesInvoice'],
    ['salesentry/SalesEntries?$filter=EntryID ne null&$top=1', 'Exact.Web.Api.Models.SalesEntry'],
    ['vat/VATCodes?$top=1', 'Exact.Web.Api.Models.VATCode'],
    ['sync/Project/Projects?$filter=Timestamp gt 1L&$top=1', 'Exact.Web.Api.Models.Sync.Project.ProjectSync'],
    ['/api/v1/current/Me', 'Exact.Web.Api.Models.System.Me'],
  ] as const) {
    test(`§ 3.3: __metadata has the address and the type ${type}`, async () => {
      const row = must((await lab.rows(path))[0])
      const { uri, ...rest } = row.__metadata as { uri: string }
      assert.deepEqual(rest, { type })
      assert.ok(uri.startsWith(`${lab.url}/api/v1/`), uri)
      if (path.startsWith('/')) assert.ok(uri.endsWith(`/current/Me(guid'${row.UserID}')`), uri)
      else assert.deepEqual((await lab.rows(uri.slice(lab.url.length)))[0], row)
    })
  }

  test('§ 3.3: times are the Dutch wall clock read as though it were UTC, in winter and in summer', async () => {
    for (const [now, wall] of [
      ['2031-01-15T11:30:00Z', '2031-01-15T12:30:00Z'],
      ['2031-07-15T22:30:00Z', '2031-07-16T00:30:00Z'],
    ] as const) {
      await lab.control('clock', { now })
      await lab.as('anna')
      const { d } = await lab.call('crm/Accounts', {
        method: 'POST',
        body: { Name: 'Now' },
        headers: { Prefer: 'return=representation' },
      })
      for (const name of ['Created', 'Modified']) {
        const at = Number(must(/^\/Date\((\d+)\)\/$/.exec(d[name]))[1])
        assert.ok(at >= Date.parse(wall) && at < Date.parse(wall) + 60_000, `${name} at ${now}: ${d[name]}`)
      }
    }
  })
})

describe('§ 3.4: $metadata', () => {
  const document = async (path: string, accept = 'application/xml') => fetchAs(`${path}/$metadata`, accept)
  const named = (elements: ReturnType<typeof parseXml>, name: string) =>
    elements.filter((element) => element.name === name).map(({ attributes }) => attributes)

  test('§ 3.4: $metadata is XML, whatever the service is called by, and never JSON', async () => {
    const plain = await document('crm')
    assert.deepEqual(
      [plain.status, plain.headers.get('content-type')],
      [200, 'application/xml;charset=utf-8'],
    )
    assert.equal((await document('CRM', '')).text, plain.text)
    assert.equal((await document('crm', 'application/json')).status, 415)
    assert.equal((await document('nothing')).status, 404)
  })

  test('§ 3.4: no document lists all services', async () => {
    assert.equal((await fetchAs('$metadata', 'application/xml')).status, 404)
    assert.equal((await fetchAs('/api/v1/$metadata', 'application/xml')).status, 404)
  })

  test('§ 3.4: it has two schemas: the types with their keys, and the container DataSource', async () => {
    const elements = parseXml((await document('vat')).text)
    assert.equal(named(elements, 'edmx:Edmx')[0]?.Version, '1.0')
    assert.equal(named(elements, 'edmx:DataServices')[0]?.['m:DataServiceVersion'], '1.0')
    assert.deepEqual(
      named(elements, 'Schema').map(({ Namespace }) => Namespace),
      ['Exact.Web.Api.Models', 'Exact.Web.Api.Entity.VAT'],
    )
    assert.equal(named(elements, 'EntityContainer')[0]?.Name, 'DataSource')
    const sets = named(elements, 'EntitySet')
    assert.ok(
      sets.some((set) => set.Name === 'VATCodes' && set.EntityType === 'Exact.Web.Api.Models.VATCode'),
    )
  })

  test('§ 3.4: every property of an answer stands in it with its type, keys cannot be null', async () => {
    for (const [service, set] of [
      ['crm', 'Accounts'],
      ['sync/Project', 'Projects'],
      ['bulk/SalesInvoice', 'SalesInvoiceLines'],
      ['read/financial', 'ReceivablesList'],
    ] as const) {
      const elements = parseXml((await document(service)).text)
      const typeName = named(elements, 'EntitySet').find(({ Name }) => Name === set)?.EntityType
      const short = typeName?.split('.').at(-1)
      const from = elements.findIndex(
        ({ name, attributes }) => name === 'EntityType' && attributes.Name === short,
      )
      const rest = elements.slice(from + 1)
      const until = rest.findIndex(({ name }) => name === 'EntityType' || name === 'Association')
      const own = rest.slice(0, until < 0 ? rest.length : until)
      const described = new Map(named(own, 'Property').map(({ Name, Type }) => [Name, Type]))
      const feed = (
        await fetchAs(
          `${service}/${set}?$top=1&$filter=${service.startsWith('sync') ? 'Timestamp gt 1L' : service === 'read/financial' ? 'HID gt 0L' : 'ID ne null'}`,
          '*/*',
        )
      ).text
      const shown = parseXml(feed).filter(({ name }) => name.startsWith('d:'))
      assert.ok(shown.length > 5, feed)
      for (const { name, attributes } of shown)
        assert.equal(described.get(name.slice(2)), attributes['m:type'] ?? 'Edm.String', `${set}.${name}`)
      const keys = named(own, 'PropertyRef').map(({ Name }) => Name)
      assert.ok(keys.length > 0)
      for (const { Name, Nullable } of named(own, 'Property'))
        if (keys.includes(Name)) assert.equal(Nullable, 'false', `${Name}`)
    }
  })

  test('§ 3.4: sync has one document per service, with its own types', async () => {
    const elements = parseXml((await document('sync/Project')).text)
    const types = named(elements, 'EntitySet').map(({ EntityType }) => EntityType)
    assert.ok(types.includes('Exact.Web.Api.Models.Sync.Project.ProjectSync'), types.join())
    const deleted = parseXml((await document('sync')).text)
    assert.ok(
      named(deleted, 'EntitySet').some(
        ({ EntityType }) => EntityType === 'Exact.Web.Api.Models.Sync.Deleted.DeletedEntity',
      ),
    )
  })

  test('§ 3.8: current/$metadata tells what Me never leaves empty, and the imports UserSettings and ClientId', async () => {
    const elements = parseXml((await fetchAs('/api/v1/current/$metadata', '*/*')).text)
    const properties = named(elements, 'Property')
    const never = properties.filter(({ Nullable }) => Nullable === 'false').map(({ Name }) => Name)
    for (const name of ['CurrentDivision', 'UserID', 'Legislation', 'ServerUtcOffset', 'EmployeeID'])
      assert.ok(never.includes(name), name)
    assert.equal(properties.find(({ Name }) => Name === 'ServerTime')?.Type, 'Edm.String')
    assert.deepEqual(
      named(elements, 'FunctionImport').map(({ Name }) => Name),
      ['UserSettings', 'ClientId'],
    )
    assert.equal(must(properties.find(({ Name }) => Name === 'UserID')).Type, 'Edm.Guid')
  })
})
