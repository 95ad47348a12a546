import { must } from '@sluis/shared'
import { startTwinfieldEmulator, type TwinfieldEmulator } from '../index.ts'
import { escapeXml, parseXml, type XmlNode } from '../xml.ts'

export const app = {
  clientId: 'cid',
  clientSecret: 's3cret+/=',
  redirectUris: ['https://partner.example/cb'],
}
export const redirectUri = must(app.redirectUris[0])

export interface SoapOptions {
  readonly access?: string
  readonly company?: string
  readonly companyId?: string
  readonly cluster?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One emulator with an app, and the calls that a client makes. */
export class Lab {
  #emulator: TwinfieldEmulator | null = null

  async start(): Promise<void> {
    this.#emulator = await startTwinfieldEmulator()
    await this.control('apps', app)
  }

  async close(): Promise<void> {
    await this.#emulator?.close()
  }

  get url(): string {
    return must(this.#emulator).url
  }

  get connect(): string {
    return `${this.url}/auth/authentication/connect`
  }

  // biome-ignore lint/suspicious/noExplicitAny: JSON, whose form is what the tests assert
  readonly control = async (path: string, body?: object): Promise<any> => {
    const init = body ? { method: 'POST', body: JSON.stringify(body) } : {}
    return (await fetch(`${this.url}/_control/${path}`, init)).json()
  }

  readonly token = async (
    fields: Record<string, string>,
    basic: string | null = `${app.clientId}:${app.clientSecret}`,
  ) => {
    const answer = await fetch(`${this.connect}/token`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: basic === null ? {} : { authorization: `Basic ${Buffer.from(basic).toString('base64')}` },
    })
    return { status: answer.status, body: (await answer.json()) as Record<string, string> }
  }

  readonly consent = async (
    user = 'anna@example.com',
    scopes?: readonly string[],
    { clientId, clientSecret }: { clientId: string; clientSecret: string } = app,
  ) => {
    const { code } = await this.control('consents', { clientId, user, ...(scopes ? { scopes } : {}) })
    const { body } = await this.token(
      { grant_type: 'authorization_code', code, redirect_uri: redirectUri },
      `${clientId}:${clientSecret}`,
    )
    return { access: body.access_token ?? '', refresh: body.refresh_token ?? '', body }
  }

  /** An operation of an `.asmx` service, with a prolog that lies about its encoding. */
  readonly soap = (service: string, inner: string, options: SoapOptions = {}) => {
    const { access = '', company = '001', companyId, cluster = 'c1', headers = {} } = options
    const id = companyId === undefined ? '' : `<CompanyId>${companyId}</CompanyId>`
    const header = `<Header xmlns="http://www.twinfield.com/">${access ? `<AccessToken>${access}</AccessToken>` : ''}${company ? `<CompanyCode>${company}</CompanyCode>` : ''}${id}</Header>`
    return this.post(`/${cluster}/webservices/${service}.asmx?wsdl`, header, inner, headers)
  }

  /** A query of a `.svc` service. */
  readonly query = (service: string, query: string, { access = '', company = '001' }: SoapOptions = {}) =>
    this.post(
      `/c1/webservices/${service}.svc`,
      `<Authentication xmlns="http://www.twinfield.com/" xmlns:a="http://schemas.datacontract.org/2004/07/Twinfield.WebServices.Shared"><a:AccessToken>${access}</a:AccessToken><a:CompanyCode>${company}</a:CompanyCode></Authentication>`,
      query,
      { soapaction: `"http://www.twinfield.com/${service}/Query"` },
    )

  readonly post = async (
    path: string,
    header: string,
    inner: string,
    headers: Readonly<Record<string, string>> = {},
  ) => {
    const answer = await fetch(`${this.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'text/xml; charset=utf-8', ...headers },
      body: `<?xml version="1.0" encoding="utf-16"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header>${header}</soap:Header><soap:Body>${inner}</soap:Body></soap:Envelope>`,
    })
    const text = await answer.text()
    return {
      status: answer.status,
      headers: answer.headers,
      text,
      code: /<code>(\d+)<\/code><source>/.exec(text)?.[1] ?? null,
    }
  }

  /** A document for ProcessXmlString, as escaped text or in CDATA. */
  readonly process = (document: string, options?: SoapOptions, form = 'escaped') => {
    const inner = form === 'cdata' ? `<![CDATA[${document}]]>` : escapeXml(document)
    return this.soap(
      'processxml',
      `<ProcessXmlString xmlns="http://www.twinfield.com/"><xmlRequest>${inner}</xmlRequest></ProcessXmlString>`,
      options,
    )
  }

  /** The document that answers a document. */
  readonly ask = async (document: string, access: string): Promise<XmlNode> =>
    resultOf((await this.process(document, { access })).text)
}

/** The document in an answer of ProcessXmlString. */
export function resultOf(text: string): XmlNode {
  const find = (node: XmlNode): XmlNode | null =>
    node.name === 'ProcessXmlStringResult'
      ? node
      : (node.children.map(find).find((found) => found !== null) ?? null)
  return must(parseXml(must(find(must(parseXml(text)))).text))
}

/** Text of the first element of that name, however deep. */
export function textIn(node: XmlNode, name: string): string | undefined {
  if (node.name === name) return node.text
  return node.children.map((child) => textIn(child, name)).find((text) => text !== undefined)
}
