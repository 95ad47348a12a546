export { createHttpApp, type HttpParts } from './http-app.ts'
export { type Problem, statusOf, toProblem } from './problem.ts'
export { type RouteAccess, routeAccess } from './route-access.ts'
export { routeAnswers } from './route-answers.ts'
