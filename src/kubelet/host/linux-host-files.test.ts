import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { LinuxHostFiles } from './linux-host-files.ts'

test('host files: what a folder takes of the disk, with all that is in it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cox-used-'))
  const files = new LinuxHostFiles('/unused')
  const empty = await files.usedBytes(folder)
  await mkdir(join(folder, 'a/b'), { recursive: true })
  await writeFile(join(folder, 'a/b/file'), Buffer.alloc(1_000_000, 1))
  await symlink('/', join(folder, 'root'))
  const used = await files.usedBytes(folder)
  assert.equal(empty, 0)
  assert.ok(used >= 1_000_000 && used < 2_000_000, String(used))
  assert.equal(await files.usedBytes(join(folder, 'none')), 0)
  await rm(folder, { recursive: true })
})
