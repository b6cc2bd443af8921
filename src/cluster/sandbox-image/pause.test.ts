import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isMachine } from './sandbox-image.ts'
import { pauseProgram } from './pause.ts'

for (const machine of ['x64', 'arm64'] as const)
  test(`pauseProgram: ${machine} → entry point lies at the code, within the one segment`, () => {
    const program = pauseProgram(machine)
    assert.equal(program.readBigUInt64LE(24), 0x400000n + 120n)
    assert.equal(program.readBigUInt64LE(96), BigInt(program.length))
    assert.ok(program.length < 512)
  })

const ends = [
  { signal: 'SIGTERM', want: { code: 0, signal: null } },
  { signal: 'SIGINT', want: { code: 0, signal: null } },
  { signal: 'SIGKILL', want: { code: null, signal: 'SIGKILL' } },
] as const
for (const { signal, want } of ends)
  test(`pause: ${signal} → ${JSON.stringify(want)}; other signals before are ignored`, { skip: !isMachine(process.arch) }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coxswain-pause-'))
    try {
      const path = join(folder, 'pause')
      writeFileSync(path, pauseProgram(process.arch as 'x64'))
      chmodSync(path, 0o755)
      const child = spawn(path)
      const ended = once(child, 'exit')
      // rt_sigtimedwait, on either machine: from then on signals are waited for.
      while (!/^(128|137) /.test(readFileSync(`/proc/${child.pid}/syscall`, 'utf8'))) await new Promise(setImmediate)
      child.kill('SIGHUP')
      child.kill('SIGCHLD')
      child.kill(signal)
      assert.deepEqual(await ended, [want.code, want.signal])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
