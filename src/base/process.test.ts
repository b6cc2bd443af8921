import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findProgram, ProcessError, run } from './process.ts'

const { signal } = new AbortController()

test('run: output of a program that succeeds → resolves with it', async () => {
  assert.equal(await run('sh', ['-c', 'cat; echo two'], { signal, input: 'one ' }), 'one two\n')
})

test('run: a program that fails → ProcessError with exit code and stderr', async () => {
  await assert.rejects(run('sh', ['-c', 'echo broken >&2; exit 3'], { signal }), (error: unknown) => {
    assert.ok(error instanceof ProcessError)
    assert.equal(error.exitCode, 3)
    assert.equal(error.message, 'cannot run "sh -c echo broken >&2; exit 3": exit code 3: broken')
    return true
  })
})

test('run: a program that does not exist → ProcessError without exit code', async () => {
  await assert.rejects(run('no-such-program', ['x'], { signal }), {
    message: 'cannot run "no-such-program x": there is no program "no-such-program"',
  })
})

test('run: aborted while the program runs → kills it and rejects with the reason', async () => {
  const controller = new AbortController()
  const running = run('sh', ['-c', 'kill -0 $$; exec sleep 60'], { signal: controller.signal })
  controller.abort(new Error('enough'))
  await assert.rejects(running, { message: 'enough' })
})

test('run: a program that leaves its input unread → its exit code decides', async () => {
  assert.equal(await run('true', [], { signal, input: 'x'.repeat(1_000_000) }), '')
})

test('findProgram: known and unknown names', () => {
  assert.match(findProgram('sh') ?? '', /^\/.*\/sh$/)
  assert.equal(findProgram('no-such-program'), undefined)
  assert.equal(findProgram('/etc/passwd'), undefined)
})
