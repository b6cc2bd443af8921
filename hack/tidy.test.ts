import assert from 'node:assert/strict'
import { test } from 'node:test'
import { callOffences, importsOf, layerOffences, sizeOffences } from './tidy.ts'

const cases: { name: string; file: string; text: string; offences: RegExp[] }[] = [
  { name: 'a downward import', file: 'src/kubelet/kubelet.ts', text: "import { x } from '#cri/cri.ts'", offences: [] },
  {
    name: 'a sideways import',
    file: 'src/kubelet/kubelet.ts',
    text: "import { x } from '#scheduler/queue.ts'",
    offences: [/kubelet may not import scheduler/],
  },
  {
    name: 'a relative import that leaves its folder',
    file: 'src/base/clock.ts',
    text: "import type { X } from '../api/x.ts'",
    offences: [/base may not import api/],
  },
  { name: 'an unknown folder', file: 'src/stuff/a.ts', text: '', offences: [/is in no layer/] },
]

for (const { name, file, text, offences } of cases) {
  test(`layers: ${name}`, () => {
    const found = layerOffences(file, text)
    assert.equal(found.length, offences.length)
    for (const [index, pattern] of offences.entries()) assert.match(found[index]!, pattern)
  })
}

test('banned calls: the wall clock below cmd/ is an offence, in a comment it is not', () => {
  assert.match(callOffences('src/kubelet/a.ts', 'const now = Date.now()')[0]!, /use the injected Clock/)
  assert.deepEqual(callOffences('src/kubelet/a.ts', '// Date.now() is banned'), [])
  assert.deepEqual(callOffences('src/base/clock.ts', 'return Date.now()'), [])
})

test('sizes: a file over the limit is an offence', () => {
  assert.equal(sizeOffences('src/a.ts', '\n'.repeat(700)).length, 1)
  assert.equal(sizeOffences('src/a.ts', '\n'.repeat(100)).length, 0)
})

test('imports: static, dynamic and worker URLs are all seen', () => {
  const text = "import a from '#base/a.ts'\nawait import('./b.ts')\nnew URL('./c.ts', import.meta.url)"
  assert.deepEqual(
    importsOf('src/x/y.ts', text).map(({ path }) => path),
    ['src/base/a.ts', 'src/x/b.ts', 'src/x/c.ts'],
  )
})
