export interface ControlAnswer {
  readonly status: number
  readonly body: object
}

/** One call of `/_control`: what it does with the JSON body and the query. */
export type Control = (body: Readonly<Record<string, unknown>>, query: URLSearchParams) => ControlAnswer

/** `POST clock` → what it does. */
export type Controls = Readonly<Record<string, Control>>

/** A call that was written wrongly, said to the person who wrote it. */
export const controlFault = (message: string): ControlAnswer => ({ status: 400, body: { error: message } })

/** Answers `/_control/…`: what a test or a developer does to an emulated platform. */
export function answerControl(
  controls: Controls,
  method: string,
  path: string,
  query: URLSearchParams,
  text: string,
): ControlAnswer {
  const name = `${method} ${path}`
  const control = Object.hasOwn(controls, name) ? controls[name] : undefined
  if (!control) return { status: 404, body: { error: `no control ${name}` } }
  let body: Record<string, unknown>
  try {
    body = text.trim() === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
  } catch {
    return controlFault('the body is not JSON')
  }
  return control(body, query)
}
