import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { serverExit, supervisorScript } from './supervisor.ts'

/** Runs the supervisor over a server that ends each time as the list says (`KILL` by a signal); `sleep` only notes how long. */
async function supervise(ends: readonly (number | 'KILL')[]): Promise<{ code: number | null; runs: number; pauses: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'supervisor-'))
  const [server, sleep, runs, pauses] = ['server', 'sleep', 'runs', 'pauses'].map(name => join(folder, name)) as [
    string,
    string,
    string,
    string,
  ]
  const ending = ends.map((end, index) => `  ${index + 1}) ${end === 'KILL' ? 'kill -9 $$' : `exit ${end}`} ;;`).join('\n')
  try {
    await writeFile(server, `#!/bin/sh\necho run >> ${runs}\ncase $(wc -l < ${runs}) in\n${ending}\nesac\nexit 0\n`)
    await writeFile(sleep, `#!/bin/sh\necho $1 >> ${pauses}\n`)
    for (const program of [server, sleep]) await chmod(program, 0o755)
    await writeFile(pauses, '')
    const child = spawn('/bin/sh', ['-c', supervisorScript, 'supervisor', server], {
      env: { PATH: `${folder}:/usr/bin:/bin` },
      stdio: 'ignore',
    })
    const [code] = (await once(child, 'exit')) as [number | null]
    const lines = async (path: string) => (await readFile(path, 'utf8')).split('\n').filter(line => line !== '')
    return { code, runs: (await lines(runs)).length, pauses: await lines(pauses) }
  } finally {
    await rm(folder, { recursive: true })
  }
}

const cases: { name: string; ends: (number | 'KILL')[]; want: Awaited<ReturnType<typeof supervise>> }[] = [
  { name: 'stopped politely → ends', ends: [serverExit.stopped], want: { code: 0, runs: 1, pauses: [] } },
  {
    name: 'cannot start → ends, with its code',
    ends: [serverExit.cannotStart],
    want: { code: serverExit.cannotStart, runs: 1, pauses: [] },
  },
  { name: 'killed → starts it again at once', ends: ['KILL', 'KILL', 0], want: { code: 0, runs: 3, pauses: [] } },
  {
    name: 'fails by itself → starts it again after a pause that grows to 16 s',
    ends: [1, 1, 1, 1, 1, 1, 0],
    want: { code: 0, runs: 7, pauses: ['1', '2', '4', '8', '16', '16'] },
  },
  { name: 'killed in between → the pause begins anew', ends: [1, 1, 'KILL', 1, 0], want: { code: 0, runs: 5, pauses: ['1', '2', '1'] } },
]
for (const { name, ends, want } of cases) {
  test(`supervisor: the server is ${name}`, async () => assert.deepEqual(await supervise(ends), want))
}
