import type { PathHandler } from './path-handler.ts'
import type { APIRequest } from './request/api-request.ts'
import { type APIResponse, textBody } from './request/api-response.ts'

/** One thing that can be well or not. */
export interface HealthCheck {
  name: string
  /** Why not; undefined when all is well. Shown in the log only. */
  problem(): string | undefined
}

/** Which checks count: `healthz` and `livez` say whether the process should live, `readyz` whether it should get requests. */
export interface HealthChecks {
  healthz: readonly HealthCheck[]
  livez: readonly HealthCheck[]
  readyz: readonly HealthCheck[]
}

export const pingCheck: HealthCheck = { name: 'ping', problem: () => undefined }

/** `/healthz`, `/livez`, `/readyz`, each with `?verbose`, `?exclude=` and one path for each check. */
export function healthHandlers(checks: HealthChecks): PathHandler[] {
  return (['healthz', 'livez', 'readyz'] as const).map(name => ({
    path: `/${name}`,
    prefix: true,
    handle: request => answer(name, checks[name], request),
  }))
}

function answer(name: string, checks: readonly HealthCheck[], request: APIRequest): APIResponse {
  const part = request.path.slice(name.length + 2)
  if (part !== '') {
    const check = checks.find(candidate => candidate.name === part)
    if (check === undefined) return { status: 404, body: textBody('404 page not found\n') }
    return report(name, [check], false)
  }
  const query = new URLSearchParams(request.query)
  const excluded = new Set(query.getAll('exclude'))
  const counted = checks.filter(check => !excluded.has(check.name))
  return report(name, counted, query.has('verbose'))
}

function report(name: string, checks: readonly HealthCheck[], isVerbose: boolean): APIResponse {
  const failed = checks.some(check => check.problem() !== undefined)
  if (!failed && !isVerbose) return plain(200, 'ok')
  const lines = checks.map(check => (check.problem() === undefined ? `[+]${check.name} ok` : `[-]${check.name} failed: reason withheld`))
  lines.push(failed ? `${name} check failed` : `${name} check passed`)
  return plain(failed ? 500 : 200, `${lines.join('\n')}\n`)
}

function plain(status: number, text: string): APIResponse {
  return { status, body: textBody(text), headers: { 'x-content-type-options': 'nosniff' } }
}
