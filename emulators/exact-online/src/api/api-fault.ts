/** A refusal of the API: status, the message of its OData error body, and headers such as `Reason`. */
export class ApiFault extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }

  /** The body in the layout of the live service: empty `code` and `lang`, its line breaks. */
  get body(): string {
    if (this.message === '') return ''
    return `{\r\n"error": {\r\n"code": "", "message": {\r\n"lang": "", "value": ${JSON.stringify(this.message)}\r\n}\r\n}\r\n}`
  }
}
