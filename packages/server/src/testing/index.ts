export { Browser, type BrowserCall, tokenIn } from './browser.ts'
export { type Answer, type CallOptions, type HttpLab, labClient, labKey, openHttpLab } from './http-lab.ts'
export { type LabAnswer, type LabStatement, openQueryLab, type QueryLab } from './query-lab.ts'
export { registerWithLimits } from './small-client.ts'
