export { type LabAnswer, type LabStatement, openQueryLab, type QueryLab } from './query-lab.ts'
