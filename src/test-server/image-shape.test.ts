import assert from 'node:assert/strict'
import { test } from 'node:test'
import { imageDeclaration, splitImage } from './image-shape.ts'
import { readShape } from '#apimachinery/validation/shape.ts'

test('image: a script and what the registry knows, side by side', () => {
  const given = {
    startMs: 1,
    readyAfterMs: 3_000,
    logs: ['starting', { text: 'still there', stream: 'stderr', everyMs: 60_000 }],
    http: { '/': 'hello', '/down': 503, '*': { status: 404, headers: { a: 'b' }, delayMs: 5 } },
    exec: { date: 'today\n', false: 1, '*': { stderr: 'no\n', exitCode: 127 } },
    memory: '200Mi',
    pullMs: 100,
    credentials: { username: 'me', password: 'secret' },
  }
  const { pullMs, credentials, ...script } = given
  assert.deepEqual(splitImage(readShape(imageDeclaration, given)), { script, options: { pullMs, credentials } })
})

test('image: a stop signal that is ignored', () => {
  assert.equal(readShape(imageDeclaration, { stopMs: 'never' }).stopMs, Number.POSITIVE_INFINITY)
  assert.equal(readShape(imageDeclaration, { stopMs: 7 }).stopMs, 7)
})

const wrong: { value: unknown; want: string }[] = [
  { value: { readyAfterMS: 1 }, want: 'readyAfterMS: Forbidden: unknown field' },
  { value: { exitCode: 256 }, want: 'exitCode: Invalid value: 256: must be 0 to 255' },
  { value: { stopMs: 'soon' }, want: 'stopMs: Unsupported value: "soon": supported values: "never"' },
  { value: { http: { '/': { status: 99 } } }, want: 'http[/].status: Invalid value: 99: must be 100 to 599' },
  { value: { logs: [{ stream: 'stdout' }] }, want: 'logs[0].text: Required value' },
  { value: { pullError: 'gone' }, want: 'pullError: Unsupported value: "gone"' },
  { value: { run: 'x' }, want: 'run: Forbidden: unknown field' },
]
for (const { value, want } of wrong) {
  test(`image: ${JSON.stringify(value)} → ${want}`, () =>
    assert.throws(
      () => readShape(imageDeclaration, value),
      ({ message }: Error) => message.startsWith(want),
    ))
}
