import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { median } from './median.ts'
import type { Row } from './row.ts'

const runs = 7
const program = join(import.meta.dirname, '../../cox')

/** `cox test-server` as a test in another language starts it: from the command to its line, and from the end of its pipe to its exit. */
export async function benchTestServer(): Promise<Row[]> {
  await runOnce()
  const all: { lineMs: number; endMs: number }[] = []
  for (let run = 0; run < runs; run++) all.push(await runOnce())
  const note = `median of ${runs}, launcher included`
  return [
    { name: 'cox test-server to its line, one node Ready', value: median(all.map(({ lineMs }) => lineMs)), unit: 'ms', note },
    { name: 'cox test-server from the end of its pipe to its exit', value: median(all.map(({ endMs }) => endMs)), unit: 'ms' },
  ]
}

async function runOnce(): Promise<{ lineMs: number; endMs: number }> {
  const began = performance.now()
  const child = spawn(program, ['test-server'], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  await Promise.race([once(child.stdout, 'data'), exited.then(([code]) => failed(code as number))])
  const lineMs = performance.now() - began
  child.stdin.end()
  await exited
  return { lineMs, endMs: performance.now() - began - lineMs }
}

function failed(code: number): never {
  throw new Error(`cox test-server ended with ${code} before it was ready`)
}
