import type { Dimension, Office } from './dataset.ts'
import { guidOf } from './issuer.ts'
import { element, escapeXml } from './xml.ts'

/** A dimension as it is read, with every part that was recorded. @see wire facts § 3.3 */
export function dimensionXml(dimension: Dimension, office: Office, status = 'active'): string {
  const { type, code, name, vatNumber, city, modified } = dimension
  const { shortName = '', website = '', cocNumber = '', dueDays = '30' } = dimension
  const isRelation = type === 'DEB' || type === 'CRD'
  const place = dimension.address ?? {
    ...{ name, country: 'NL', city, postcode: '1000 AA', telephone: '', email: `info@${code}.example` },
  }
  const address = `<address id="1" type="invoice" default="true">${element('name', place.name ?? '')}${element('country', place.country ?? '')}${element('city', place.city ?? '')}${element('postcode', place.postcode ?? '')}${element('telephone', place.telephone ?? '')}<telefax/>${element('email', place.email ?? '')}<contact/>${[1, 2, 3, 4, 5, 6].map((at) => `<field${at}/>`).join('')}</address>`
  const banks = dimension.iban
    ? `<banks><bank id="1" default="true"><ascription/><accountnumber/><bankname/><biccode/>${element('iban', dimension.iban)}</bank></banks>`
    : '<banks/>'
  // A real answer has been seen to repeat the children of creditmanagement.
  const credit =
    '<creditmanagement><basecreditlimit>1000.00</basecreditlimit><basecreditlimit>1000.00</basecreditlimit></creditmanagement>'
  return `<dimension status="${status}" result="1">${element('office', office.code, ` name="${escapeXml(office.name)}" shortname=""`)}${element('type', type, ' name="" shortname=""')}${element('code', code)}${element('uid', guidOf(`${office.code} ${type} ${code}`))}${element('name', name)}${element('shortname', shortName)}<inuse>true</inuse><behaviour>normal</behaviour><touched>1</touched>${element('modified', modified)}<beginperiod>0</beginperiod><beginyear>0</beginyear><endperiod>0</endperiod><endyear>0</endyear>${element('website', website)}${element('vatnumber', isRelation ? vatNumber : '')}${element('cocnumber', cocNumber)}<editdimensionname>true</editdimensionname><financials><level>${isRelation ? 2 : 1}</level><matchtype>${isRelation ? 'customersupplier' : 'notmatchable'}</matchtype><accounttype>inherit</accounttype><subanalyse>false</subanalyse>${isRelation ? `${element('duedays', dueDays)}<payavailable/><meansofpayment>none</meansofpayment><paycode/><ebilling/><ebillmail/><substitutionlevel>1</substitutionlevel>${element('substitutewith', type === 'DEB' ? '1300' : '1600')}` : ''}<relationsreference/><vatobligatory/><performancetype/><vatcode name="" shortname="" type=""/></financials>${isRelation ? `${credit}<addresses>${address}</addresses>${banks}` : ''}<groups/></dimension>`
}
