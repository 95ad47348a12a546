import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { must } from '@sluis/shared'
import { app, type Lab } from './lab.ts'

export function faultRules(lab: Lab): void {
  const { consent, control, process, token } = lab
  describe('faults (wire facts § 2.4)', () => {
    const office = '<read><type>dimensions</type><office>001</office><dimtype>DEB</dimtype></read>'
    test('108 on another cluster, 101 without company, 109 without access, 354 after the hour, 351 without the claim', async () => {
      const { access } = await consent()
      assert.equal((await process(office, { access, cluster: 'c9' })).code, '108')
      const missing = await process(office, { access, company: '' })
      assert.equal(missing.code, '101')
      assert.match(missing.text, /Company ontbreekt in request header/)
      assert.equal((await process(office, { access, company: '999' })).code, '109')
      const without = await consent('eva', ['openid', 'twf.organisation'])
      assert.deepEqual(
        [
          (await process(office, { access: without.access })).status,
          (await process(office, { access: without.access })).code,
        ],
        [401, '351'],
      )
      await control('clock', { advanceSeconds: 3600 })
      const late = await process(office, { access })
      assert.deepEqual([late.status, late.code], [401, '354'])
    })
    test('the text follows the user’s language, the code does not', async () => {
      await control('users', { user: 'john', language: 'en' })
      const { access } = await consent('john')
      const answer = await process(office, { access, company: '' })
      assert.equal(answer.code, '101')
      assert.match(answer.text, /Company is missing in request header/)
    })
    test('an ordered fault is played once', async () => {
      const { access } = await consent()
      await control('faults', { at: 'api', kind: 'soap', code: 103 })
      assert.equal((await process(office, { access })).code, '103')
      assert.equal((await process(office, { access })).status, 200)
    })
    test('every fault has its status and its words in both languages, and one code (§ 2.4)', async () => {
      const table: readonly (readonly [code: number, status: number, en: RegExp, nl: RegExp])[] = [
        [100, 500, /unexpected/, /onverwachte/],
        [101, 500, /Company is missing in request header/, /Company ontbreekt in request header/],
        [102, 403, /^Access denied\.$/, /^Toegang geweigerd\.$/],
        [
          103,
          401,
          /^Your logon credentials are not valid anymore\. Try to log on again\.$/,
          /niet meer geldig/,
        ],
        [104, 403, /deleted/, /verwijderd/],
        [105, 403, /disabled/, /geblokkeerd/],
        [106, 403, /organisation is inactive/, /organisatie is niet actief/],
        [107, 500, /text message/, /sms-code/],
        [108, 500, /Cluster invalid/, /Cluster ongeldig/],
        [109, 500, /no access to this company/, /geen toegang tot deze administratie/],
        [110, 500, /not allowed on this server/, /op deze server niet toegestaan/],
        [122, 500, /client software/, /clientsoftware/],
        [168, 500, /Another logon/, /andere aanmelding/],
        [186, 500, /Invalid zlib/, /Ongeldige zlib/],
        [187, 500, /Invalid XML/, /Ongeldige XML/],
        [351, 401, /organisationUserCode is missing/, /organisationUserCode ontbreekt/],
        [352, 403, /organisationCode is missing/, /organisationCode ontbreekt/],
        [353, 403, /organisationId is missing/, /organisationId ontbreekt/],
        [354, 401, /^Access denied\. Token invalid\.$/, /Token ongeldig/],
        [358, 500, /validated now/, /nu niet worden gevalideerd/],
        [359, 500, /company id/, /company-id/],
      ]
      for (const language of ['en', 'nl'] as const) {
        await control('users', { user: `taal-${language}`, language })
        const { access } = await consent(`taal-${language}`)
        for (const [code, status, en, nl] of table) {
          await control('faults', { at: 'api', kind: 'soap', code })
          const answer = await process(office, { access })
          assert.deepEqual([answer.status, answer.code], [status, String(code)])
          const [, faultText = '', message = ''] =
            /<faultstring>([^<]*)<\/faultstring>.*<detail><message>([^<]*)<\/message>/.exec(answer.text) ?? []
          assert.equal(faultText, message)
          assert.match(message, language === 'en' ? en : nl)
          assert.match(
            answer.text,
            /<faultcode>soap:Client<\/faultcode>.*<faultactor>http[^<]*\/processxml\.asmx<\/faultactor>.*<source>ProcessXmlString<\/source>/,
          )
        }
      }
      const { error } = await control('faults', { at: 'api', kind: 'soap', code: 999 })
      assert.ok(error, 'a code that is not known cannot be ordered')
    })
    test('a user who is deleted, disabled or of an inactive organisation meets that at every call (§ 2.4)', async () => {
      const { access } = await consent('weg')
      for (const [fault, status] of [
        [104, 403],
        [105, 403],
        [106, 403],
      ] as const) {
        await control('users', { user: 'weg', fault })
        for (let at = 0; at < 2; at++) {
          const answer = await process(office, { access })
          assert.deepEqual([answer.status, answer.code], [status, String(fault)])
        }
      }
      await control('users', { user: 'weg' })
      assert.equal((await process(office, { access })).status, 200)
    })
    test('no token is 101, no organisation claim 352, no XML 187 (§ 2.4)', async () => {
      const { access } = await consent()
      assert.equal((await process(office)).code, '101')
      const without = await consent('eva', ['openid', 'twf.organisationUser'])
      const answer = await process(office, { access: without.access })
      assert.deepEqual([answer.status, answer.code], [403, '352'])
      assert.equal((await process('<read><type>', { access })).code, '187')
    })
    test('over the credits: 429 in plain text with Retry-After (§ 6)', async () => {
      await control('apps', {
        clientId: 'small',
        clientSecret: 'x',
        redirectUris: app.redirectUris,
        limits: { minute: 1 },
      })
      const { code } = await control('consents', { clientId: 'small', user: 'f' })
      const { body } = await token(
        { grant_type: 'authorization_code', code, redirect_uri: must(app.redirectUris[0]) },
        'small:x',
      )
      const access = body.access_token ?? ''
      assert.equal((await process(office, { access })).headers.get('x-ratelimit-remaining'), '0')
      const full = await process(office, { access })
      assert.equal(full.status, 429)
      assert.match(must(full.headers.get('retry-after')), /^[0-9]+$/)
    })
  })
}
