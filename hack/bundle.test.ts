import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, statSync, utimesSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

const program = () => execFileSync('sh', [join(import.meta.dirname, 'ensure-bundle'), process.execPath], { encoding: 'utf8' }).trim()

test('the bundle is the program, and is made again when a source is newer', () => {
  const path = program()
  assert.match(path, /\.cache\/bundle\/current\/cox\.js$/)
  assert.match(execFileSync(process.execPath, [path, 'version'], { encoding: 'utf8' }), /^cox \d/)
  assert(existsSync(join(dirname(path), 'worker.js')), 'the storage worker lies beside the program')

  const stamp = join(dirname(path), 'sources-read')
  utimesSync(stamp, 0, 0)
  assert.equal(program(), path)
  const { mtimeMs } = statSync(stamp)
  assert(mtimeMs > 0, 'bundled again')
  program()
  assert.equal(statSync(stamp).mtimeMs, mtimeMs, 'still fresh')
})
