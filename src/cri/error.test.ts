import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CRIError, isDeadlineExceeded, isNotFound, isUnavailable, isUnimplemented } from './error.ts'

const cases = [
  { number: 5, code: 'NotFound', guard: isNotFound },
  { number: 4, code: 'DeadlineExceeded', guard: isDeadlineExceeded },
  { number: 12, code: 'Unimplemented', guard: isUnimplemented },
  { number: 14, code: 'Unavailable', guard: isUnavailable },
]
for (const { number, code, guard } of cases)
  test(`CRIError: status ${number} → ${code}`, () => {
    const error = CRIError.fromStatus(number, 'gone')
    assert.equal(error.message, `rpc error: code = ${code} desc = gone`)
    assert.equal(error.description, 'gone')
    assert.ok(guard(error))
    assert.ok(!guard(CRIError.fromStatus(13, 'gone')))
    assert.ok(!guard(new Error(error.message)))
  })

test('CRIError: a number that gRPC does not know → Unknown', () => assert.equal(CRIError.fromStatus(99, '').code, 'Unknown'))
