import type { Clock, SendRequest } from '@sluis/shared'
import type { Connector } from '../catalog/connector.ts'
import type { GrantHosts } from '../databases/grant-hosts.ts'
import type { SourceSession } from '../engine.ts'
import { ApiCaller, type NativeCall } from './api-caller.ts'
import type { CallBudgets, Waiting } from './call-budget.ts'
import type { ErrorMemory } from './error-memory.ts'

/** Makes the caller of one session. */
export type CallerFor = (
  connector: Connector,
  session: SourceSession,
  onCall: (call: NativeCall) => void,
  signal?: AbortSignal,
  waiting?: Pick<Waiting, 'isPatient' | 'onWait'>,
) => ApiCaller

const apiTimeoutMs = 120_000

/** Callers that share the network, the clock, the budgets and what is known of hosts. */
export function callersWith(parts: {
  readonly send: SendRequest
  readonly clock: Clock
  readonly budgets: CallBudgets
  readonly errors: ErrorMemory
  readonly hosts: GrantHosts
}): CallerFor {
  return (connector, session, onCall, signal, waiting) =>
    new ApiCaller({
      ...parts,
      connector,
      session,
      timeoutMs: apiTimeoutMs,
      onCall,
      ...(signal ? { signal } : {}),
      ...(waiting ? { waiting } : {}),
    })
}
