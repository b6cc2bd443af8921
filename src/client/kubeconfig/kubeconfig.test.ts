import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile, lstat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { defaultKubeconfig } from './default-kubeconfig.ts'
import { buildKubeconfig, type Connection } from './kubeconfig.ts'
import { KubeconfigError, mergeIntoKubeconfigFile, readKubeconfig, removeFromKubeconfigFile, writeKubeconfig } from './kubeconfig-file.ts'
import { clientConfigOf, loadKubeconfig } from './load-kubeconfig.ts'

const connection: Connection = {
  name: 'coxswain',
  server: 'https://127.0.0.1:6443',
  ca: 'CA PEM',
  credentials: { certificate: 'CERT PEM', key: 'KEY PEM' },
}

const files: { list: string | undefined; there?: string[]; want: string }[] = [
  { list: undefined, want: '/home/me/.kube/config' },
  { list: '', want: '/home/me/.kube/config' },
  { list: '/a', want: '/a' },
  { list: '/a:/b:/c', there: ['/b', '/c'], want: '/b' },
  { list: ':/a:/b:', want: '/b' },
]
for (const { list, there = [], want } of files)
  test(`KUBECONFIG=${list}, of which ${there.join(' ') || 'none'} is there: ${want}`, () =>
    assert.equal(
      defaultKubeconfig(list, '/home/me', path => there.includes(path)),
      want,
    ))

const foreign = `apiVersion: v1
kind: Config
clusters:
- name: other
  cluster: {server: "https://other:6443", certificate-authority: certs/ca.crt, strange: [1, 2]}
contexts:
- name: other
  context: {cluster: other, user: me, namespace: team}
users:
- name: me
  user: {token: abc}
current-context: other
preferences: {colors: true}
future-field: {a: 1}
`

describe('kubeconfig file', () => {
  let folder: string
  let path: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cox-kubeconfig-'))
    path = join(folder, 'home', 'config')
  })
  after(() => rm(folder, { recursive: true }))

  test('missing file: made, private, removed again with its last context', async () => {
    await mergeIntoKubeconfigFile(path, connection)
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.deepEqual(await readKubeconfig(path), buildKubeconfig(connection))
    await removeFromKubeconfigFile(path, 'coxswain')
    assert.deepEqual(await readdir(join(folder, 'home')), [])
  })

  test('existing file behind a link: the rest stays, the current context comes back', async () => {
    const real = join(folder, 'real')
    await writeFile(real, foreign)
    await symlink(real, path)
    const before = await readKubeconfig(path)
    await mergeIntoKubeconfigFile(path, connection)
    await mergeIntoKubeconfigFile(path, { ...connection, server: 'https://127.0.0.1:7443' })
    const merged = (await readKubeconfig(path))!
    assert.ok((await lstat(path)).isSymbolicLink())
    assert.equal(merged['current-context'], 'coxswain')
    assert.deepEqual(merged['future-field'], { a: 1 })
    assert.deepEqual(merged.clusters[0], before!.clusters[0])
    assert.equal(merged.clusters.length, 2)
    assert.equal(merged.clusters[1]!.cluster.server, 'https://127.0.0.1:7443')
    await removeFromKubeconfigFile(path, 'coxswain')
    assert.deepEqual(await readKubeconfig(path), before)
  })

  test('no kubeconfig: an error that names the file', async () => {
    const bad = join(folder, 'bad')
    for (const text of ['[1, 2]', 'a: [', 'clusters: 7', 'just text']) {
      await writeFile(bad, text)
      await assert.rejects(
        mergeIntoKubeconfigFile(bad, connection),
        (error: Error) => error instanceof KubeconfigError && error.message.includes(bad) && !error.message.includes('\n'),
      )
      assert.equal(await readFile(bad, 'utf8'), text)
    }
  })

  test('list of files: first wins, missing ones left out, paths relative to their file', async () => {
    const [first, second] = [join(folder, 'first'), join(folder, 'second')]
    await writeFile(first, foreign)
    await writeKubeconfig(second, buildKubeconfig(connection))
    const config = await loadKubeconfig([join(folder, 'absent'), first, '', second])
    assert.equal(config['current-context'], 'other')
    assert.equal(config.clusters[0]!.cluster['certificate-authority'], join(folder, 'certs/ca.crt'))
    assert.deepEqual(await clientConfigOf(config, 'coxswain'), {
      server: 'https://127.0.0.1:6443',
      ca: 'CA PEM',
      cert: 'CERT PEM',
      key: 'KEY PEM',
      namespace: 'default',
    })
    await assert.rejects(clientConfigOf(config), /unable to read ".*ca\.crt"/)
    await assert.rejects(clientConfigOf(config, 'nope'), /^KubeconfigError: context was not found for specified context: nope$/)
  })
})
