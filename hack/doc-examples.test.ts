/** The code in the documents compiles and runs as it stands there. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { docExamples } from './doc-examples.ts'
import { root } from './esbuild.ts'

/** Inside the checkout: `coxswain` is its sources there. */
const folder = join(root, '.cache/doc-examples')
/** What a part of a program stands in; on its first line, so that lines are those of the document. */
const around = `import { startCluster } from 'coxswain'; await using cluster = await startCluster({ nodes: { count: 2 }, clock: 'virtual' });`

const examples = ['README.md', 'docs/testing.md'].flatMap(docExamples).map(({ place, code, isRun }) => ({
  place,
  isRun,
  file: `${place.replace(/\W+/g, '-')}.ts`,
  code: code.includes('startCluster(') ? code : `${around}${code}`,
}))

describe('examples in documents', () => {
  before(() => {
    mkdirSync(folder, { recursive: true })
    for (const { file, code } of examples) writeFileSync(join(folder, file), code)
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', include: ['*.ts'] }))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  test('there are some', () => assert(examples.length >= 4))

  test('they compile', () => {
    const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules/.bin/tsc'), '-p', '.'], { cwd: folder, encoding: 'utf8' })
    assert.equal(stdout, '')
  })

  for (const { place, file } of examples.filter(({ isRun }) => isRun))
    test(`${place} runs`, async () => {
      await import(join(folder, file))
    })
})
