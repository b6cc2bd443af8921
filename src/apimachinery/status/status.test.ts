import assert from 'node:assert/strict'
import { test } from 'node:test'
import { invalid, path, required } from '../validation/field-error.ts'
import * as status from './status.ts'

const pods = { group: '', resource: 'pods' }
const deployments = { group: 'apps', resource: 'deployments' }

for (const { error, code, reason, message, details } of [
  {
    error: status.newNotFound(pods, 'a'),
    code: 404,
    reason: 'NotFound',
    message: 'pods "a" not found',
    details: { name: 'a', kind: 'pods' },
  },
  {
    error: status.newAlreadyExists(deployments, 'a'),
    code: 409,
    reason: 'AlreadyExists',
    message: 'deployments.apps "a" already exists',
    details: { name: 'a', group: 'apps', kind: 'deployments' },
  },
  {
    error: status.newConflict(pods, 'a', 'the object has been modified; please apply your changes to the latest version and try again'),
    code: 409,
    reason: 'Conflict',
    message:
      'Operation cannot be fulfilled on pods "a": the object has been modified; please apply your changes to the latest version and try again',
    details: { name: 'a', kind: 'pods' },
  },
  {
    error: status.newInvalid({ group: '', kind: 'Pod' }, 'a', [required(path('spec', 'containers'))]),
    code: 422,
    reason: 'Invalid',
    message: 'Pod "a" is invalid: spec.containers: Required value',
    details: { name: 'a', kind: 'Pod', causes: [{ reason: 'FieldValueRequired', message: 'Required value', field: 'spec.containers' }] },
  },
  {
    error: status.newInvalid({ group: 'apps', kind: 'Deployment' }, 'a', [required('x'), required('x'), invalid('y', 'b', 'no')]),
    code: 422,
    reason: 'Invalid',
    message: 'Deployment.apps "a" is invalid: [x: Required value, y: Invalid value: "b": no]',
    details: {
      name: 'a',
      group: 'apps',
      kind: 'Deployment',
      causes: [
        { reason: 'FieldValueRequired', message: 'Required value', field: 'x' },
        { reason: 'FieldValueRequired', message: 'Required value', field: 'x' },
        { reason: 'FieldValueInvalid', message: 'Invalid value: "b": no', field: 'y' },
      ],
    },
  },
  { error: status.newBadRequest('why'), code: 400, reason: 'BadRequest', message: 'why', details: undefined },
  { error: status.newUnauthorized(), code: 401, reason: 'Unauthorized', message: 'not authorized', details: undefined },
  {
    error: status.newForbidden(pods, '', 'User "u" cannot list resource "pods"'),
    code: 403,
    reason: 'Forbidden',
    message: 'pods is forbidden: User "u" cannot list resource "pods"',
    details: { kind: 'pods' },
  },
  {
    error: status.newForbidden({ group: '', resource: '' }, '', 'x'),
    code: 403,
    reason: 'Forbidden',
    message: 'forbidden: x',
    details: {},
  },
  {
    error: status.newMethodNotSupported(deployments, 'patch'),
    code: 405,
    reason: 'MethodNotAllowed',
    message: 'patch is not supported on resources of kind "deployments.apps"',
    details: { group: 'apps', kind: 'deployments' },
  },
  {
    error: status.newInternalError('boom'),
    code: 500,
    reason: 'InternalError',
    message: 'Internal error occurred: boom',
    details: { causes: [{ message: 'boom' }] },
  },
  { error: status.newTimeout('slow', 3), code: 504, reason: 'Timeout', message: 'Timeout: slow', details: { retryAfterSeconds: 3 } },
  {
    error: status.newServerTimeout(pods, 'create', 1),
    code: 500,
    reason: 'ServerTimeout',
    message: 'The create operation against pods could not be completed at this time, please try again.',
    details: { name: 'create', kind: 'pods', retryAfterSeconds: 1 },
  },
  {
    error: status.newTooManyRequests('later', 2),
    code: 429,
    reason: 'TooManyRequests',
    message: 'later',
    details: { retryAfterSeconds: 2 },
  },
  { error: status.newGone('old'), code: 410, reason: 'Gone', message: 'old', details: undefined },
  { error: status.newResourceExpired('old'), code: 410, reason: 'Expired', message: 'old', details: undefined },
  {
    error: status.newRequestEntityTooLarge('limit is 3145728'),
    code: 413,
    reason: 'RequestEntityTooLarge',
    message: 'Request entity too large: limit is 3145728',
    details: undefined,
  },
  {
    error: status.newGenericServerResponse(404, 'GET', pods, 'a', 'nothing here'),
    code: 404,
    reason: 'NotFound',
    message: 'the server could not find the requested resource (get pods a)',
    details: { name: 'a', kind: 'pods', causes: [{ reason: 'UnexpectedServerResponse', message: 'nothing here' }] },
  },
  {
    error: status.newGenericServerResponse(500, 'POST', pods, '', 'oh "no"', 5, false),
    code: 500,
    reason: 'InternalError',
    message: 'an error on the server ("oh \\"no\\"") has prevented the request from succeeding (post pods)',
    details: { kind: 'pods', retryAfterSeconds: 5 },
  },
]) {
  test(`status: ${reason} → ${message}`, () => {
    const want = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, ...(details && { details }), code }
    assert.deepEqual(error.status, want)
    assert.equal(error.message, message)
    assert.equal(error.code, code)
    assert.equal(error.reason, reason)
    assert.deepEqual(Object.keys(error.status).slice(0, 6), ['kind', 'apiVersion', 'metadata', 'status', 'message', 'reason'])
  })
}

test('status: guards look at the reason, and at the code only for unknown reasons', () => {
  const odd = (code: number, reason: string) => new status.StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, code, reason })
  assert.ok(status.isNotFound(status.newNotFound(pods, 'a')))
  assert.ok(status.isNotFound(odd(404, '')))
  assert.ok(!status.isNotFound(odd(404, 'Gone')))
  assert.ok(status.isExpired(status.newResourceExpired('x')) && status.isExpired(status.newGone('x')))
  assert.ok(!status.isConflict(status.newAlreadyExists(pods, 'a')))
  assert.ok(status.isTooManyRequests(odd(429, 'Invalid')))
  for (const other of [undefined, new Error('x'), 'x', { code: 404 }]) assert.ok(!status.isNotFound(other))
  assert.ok(status.hasStatusCause(status.newGenericServerResponse(500, 'GET', pods, '', ''), 'UnexpectedServerResponse'))
})

test('status: a client rebuilds what the server said', () => {
  const sent = status.newConflict(pods, 'a', 'x')
  const rebuilt = status.statusErrorOf(JSON.parse(JSON.stringify(sent.status)), 409)
  assert.deepEqual(rebuilt.status, sent.status)
  const text = status.statusErrorOf('404 page not found\n', 404, { verb: 'GET', resource: pods, name: 'a' })
  assert.equal(text.message, 'the server could not find the requested resource (get pods a)')
  assert.ok(status.isNotFound(text))
  assert.equal(status.statusErrorOf({ kind: 'Status', message: 'm' }, 503).code, 503)
})

test('status: any error has a form for the wire, without its stack', () => {
  assert.deepEqual(status.toStatus(status.newGone('x')).reason, 'Gone')
  const unknown = status.toStatus(new TypeError('x is not a function'))
  assert.equal(unknown.code, 500)
  assert.equal(unknown.message, 'Internal error occurred: x is not a function')
  assert.equal(status.toStatus('text').message, 'Internal error occurred: text')
})
