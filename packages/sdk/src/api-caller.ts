import type { Answer, Route, Routes } from './api-types.ts'
import { type HttpCaller, readJson } from './http-caller.ts'

type Parts<R extends Route> = Pick<Routes[R], Extract<keyof Routes[R], 'path' | 'query' | 'body'>>
interface HowToCall {
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal | undefined
  readonly accept?: string
  readonly prefer?: string
}
/** What a route needs: the parts of its address and its body. It may be left out where all of it is optional. */
export type Asked<R extends Route> =
  Record<never, never> extends Parts<R> ? [request?: Parts<R> & HowToCall] : [request: Parts<R> & HowToCall]

/** Calls of the API by route, typed by its description. */
export interface ApiCaller {
  /** The answer's JSON. */
  ask<R extends Route>(route: R, ...request: Asked<R>): Promise<Answer<R>>
  /** The answer as it comes. */
  send<R extends Route>(route: R, ...request: Asked<R>): Promise<Response>
}

export function createApiCaller(call: HttpCaller): ApiCaller {
  const send = <R extends Route>(route: R, ...[request]: Asked<R>) => {
    const {
      path = {},
      query = {},
      ...options
    } = (request ?? {}) as HowToCall & {
      readonly path?: Readonly<Record<string, string>>
      readonly query?: Readonly<Record<string, unknown>>
      readonly body?: unknown
    }
    const [method = '', pattern = ''] = route.split(' ')
    const address = pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(path[name] ?? ''),
    )
    const asked = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)]],
    )
    const search = new URLSearchParams(asked).toString()
    return call(method, search === '' ? address : `${address}?${search}`, options)
  }
  return {
    send,
    async ask(route, ...request) {
      const response = await send(route, ...request)
      return response.status === 204 ? undefined : readJson(response)
    },
  } as ApiCaller
}
