import { type FieldError, type FieldPath, forbidden, invalid, notSupported, required } from '#apimachinery/validation/field-error.ts'
import { isHTTPHeaderName } from '#apimachinery/validation/names.ts'
import type { HTTPGetAction, Lifecycle, Probe, ProbeHandler, LifecycleHandler, SleepAction } from '../types.gen.ts'
import { validateNonNegative } from './names.ts'
import { validatePortNumberOrName } from './ports.ts'

type Handler = ProbeHandler & LifecycleHandler

export function validateLivenessProbe(probe: Probe | undefined, gracePeriodSeconds: number | undefined, path: FieldPath): FieldError[] {
  if (probe === undefined) return []
  const errors = validateProbe(probe, gracePeriodSeconds, path)
  if (probe.successThreshold !== 1) errors.push(invalid(path.child('successThreshold'), probe.successThreshold ?? 0, 'must be 1'))
  return errors
}

/** The rules are those of liveness probes. */
export const validateStartupProbe = validateLivenessProbe

export function validateReadinessProbe(probe: Probe | undefined, gracePeriodSeconds: number | undefined, path: FieldPath): FieldError[] {
  if (probe === undefined) return []
  const errors = validateProbe(probe, gracePeriodSeconds, path)
  if (probe.terminationGracePeriodSeconds !== undefined) {
    const at = path.child('terminationGracePeriodSeconds')
    errors.push(invalid(at, probe.terminationGracePeriodSeconds, 'must not be set for readinessProbes'))
  }
  return errors
}

function validateProbe(probe: Probe, gracePeriodSeconds: number | undefined, path: FieldPath): FieldError[] {
  const errors = validateHandler(probe, gracePeriodSeconds, path)
  for (const name of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const) {
    errors.push(...validateNonNegative(probe[name], path.child(name)))
  }
  const grace = probe.terminationGracePeriodSeconds
  if (grace !== undefined && grace <= 0) errors.push(invalid(path.child('terminationGracePeriodSeconds'), grace, 'must be greater than 0'))
  return errors
}

export function validateLifecycle(
  lifecycle: Lifecycle,
  gracePeriodSeconds: number | undefined,
  path: FieldPath,
  osName: string | undefined,
): FieldError[] {
  const errors: FieldError[] = []
  if (lifecycle.postStart !== undefined) errors.push(...validateHandler(lifecycle.postStart, gracePeriodSeconds, path.child('postStart')))
  if (lifecycle.preStop !== undefined) errors.push(...validateHandler(lifecycle.preStop, gracePeriodSeconds, path.child('preStop')))
  if (lifecycle.stopSignal !== undefined) errors.push(...validateStopSignal(lifecycle.stopSignal, osName, path.child('stopSignal')))
  return errors
}

function validateHandler(handler: Handler, gracePeriodSeconds: number | undefined, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  let seen = false
  const check = <T>(value: T | undefined, name: string, validate: (value: T, path: FieldPath) => FieldError[]) => {
    if (value === undefined) return
    if (seen) errors.push(forbidden(path.child(name), 'may not specify more than 1 handler type'))
    else errors.push(...validate(value, path.child(name)))
    seen = true
  }
  check(handler.exec, 'exec', ({ command }, at) => ((command ?? []).length === 0 ? [required(at.child('command'))] : []))
  check(handler.httpGet, 'httpGet', validateHTTPGet)
  check(handler.tcpSocket, 'tcpSocket', ({ port }, at) => validatePortNumberOrName(port, at.child('port')))
  check(handler.grpc, 'grpc', ({ port }, at) => validatePortNumberOrName(port, at.child('port')))
  check(handler.sleep, 'sleep', (sleep, at) => validateSleep(sleep, gracePeriodSeconds, at))
  if (!seen) errors.push(required(path, 'must specify a handler type'))
  return errors
}

function validateHTTPGet(action: HTTPGetAction, path: FieldPath): FieldError[] {
  const errors: FieldError[] = []
  if (!action.path) errors.push(required(path.child('path')))
  errors.push(...validatePortNumberOrName(action.port, path.child('port')))
  if (action.scheme !== 'HTTP' && action.scheme !== 'HTTPS') {
    errors.push(notSupported(path.child('scheme'), action.scheme ?? '', ['HTTP', 'HTTPS']))
  }
  for (const { name } of action.httpHeaders ?? []) {
    for (const message of isHTTPHeaderName(name)) errors.push(invalid(path.child('httpHeaders'), name, message))
  }
  return errors
}

function validateSleep(sleep: SleepAction, gracePeriodSeconds: number | undefined, path: FieldPath): FieldError[] {
  const seconds = sleep.seconds ?? 0
  if (gracePeriodSeconds === undefined || (seconds >= 0 && seconds <= gracePeriodSeconds)) return []
  return [invalid(path, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriodSeconds})`)]
}

const linuxSignals = [
  ...['SIGABRT', 'SIGALRM', 'SIGBUS', 'SIGCHLD', 'SIGCLD', 'SIGCONT', 'SIGFPE', 'SIGHUP', 'SIGILL', 'SIGINT', 'SIGIO', 'SIGIOT', 'SIGKILL'],
  ...['SIGPIPE', 'SIGPOLL', 'SIGPROF', 'SIGPWR', 'SIGQUIT', 'SIGRTMAX'],
  ...Array.from({ length: 14 }, (_, index) => `SIGRTMAX-${index + 1}`),
  'SIGRTMIN',
  ...Array.from({ length: 15 }, (_, index) => `SIGRTMIN+${index + 1}`),
  ...['SIGSEGV', 'SIGSTKFLT', 'SIGSTOP', 'SIGSYS', 'SIGTERM', 'SIGTRAP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGURG', 'SIGUSR1', 'SIGUSR2'],
  ...['SIGVTALRM', 'SIGWINCH', 'SIGXCPU', 'SIGXFSZ'],
].sort()
const windowsSignals = ['SIGKILL', 'SIGTERM']

function validateStopSignal(signal: string, osName: string | undefined, path: FieldPath): FieldError[] {
  if (osName === undefined) return [forbidden(path, 'may not be set for containers with empty `spec.os.name`')]
  const supported = osName === 'windows' ? windowsSignals : linuxSignals
  return supported.includes(signal) ? [] : [notSupported(path, signal, supported)]
}
