import type { OutgoingRequest } from '@sluis/shared'
import type { CallOutcome } from './api-caller.ts'

/** The pages of one request, one after the other, wherever they come from. */
export interface PageChain {
  call(request: OutgoingRequest, takeMemory?: (bytes: number) => Buffer): Promise<CallOutcome>
  /** Nothing more is asked; `isWhole` when its last page was read. */
  end(isWhole: boolean): Promise<void>
}
