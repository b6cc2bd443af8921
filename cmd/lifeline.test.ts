import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { lifelineOn } from './lifeline.ts'

test('lifeline: a file, and a descriptor that is not open, are none', () => {
  const file = openSync('/dev/null', 'r')
  assert.equal(lifelineOn(file), undefined)
  closeSync(file)
  assert.equal(lifelineOn(file), undefined)
})

const module = JSON.stringify(join(import.meta.dirname, 'lifeline.ts'))
const follow = (descriptor: number, then: string) =>
  `const { lifelineOn } = await import(${module}); const line = lifelineOn(${descriptor}); console.log('following'); ${then}`

/** Runs a script with a pipe to it on descriptor 3. */
function run(script: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] })
  return { output: text(child.stdout!), pipe: child.stdio[3] as NodeJS.WritableStream }
}

test('lifeline: what is written is thrown away, the end is told', async () => {
  const { output, pipe } = run(follow(3, "await line.ended; console.log('ended')"))
  pipe.write('x'.repeat(1_000_000))
  pipe.end()
  assert.equal(await output, 'following\nended\n')
})

test('lifeline: disposed, it keeps nobody alive', async () => {
  const { output, pipe } = run(follow(3, 'line[Symbol.dispose]()'))
  assert.equal(await output, 'following\n')
  pipe.end()
})

test('lifeline: a holder that is killed lets go', async () => {
  const follower = follow(3, "await line.ended; console.log('ended')")
  // The holder starts the follower with a pipe to it, and kills itself as soon as it follows.
  const holder = `const { spawn } = await import('node:child_process')
    const child = spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(follower)}], { stdio: ['ignore', 'pipe', 'inherit', 'pipe', 1] })
    child.stdout.once('data', () => process.kill(process.pid, 'SIGKILL'))`
  assert.equal(await run(holder).output, '')
})
