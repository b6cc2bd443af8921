import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connect, createServer, type TLSSocket } from 'node:tls'
import type { AddressInfo } from 'node:net'
import { ClusterPKI, type ClusterPKIOptions } from './cluster-pki.ts'
import { FolderPKIFiles, MemoryPKIFiles } from './files.ts'

const now = Date.now()
const options: ClusterPKIOptions = { now, serverNames: ['node-1'], serverAddresses: ['192.0.2.7', '10.96.0.1', '2001:db8::1'] }
const dayMs = 24 * 3600 * 1000

describe('certificates of a cluster', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cox-pki-'))
  })
  after(() => rm(folder, { recursive: true }))

  test('new set: the names, users and uses asked for', async () => {
    const pki = new ClusterPKI(new MemoryPKIFiles(), options)
    const set = await pki.load()
    const node = await pki.loadNode('node-1', ['192.0.2.7'])
    const ca = new X509Certificate(set.ca)
    assert.equal(ca.ca, true)
    const server = new X509Certificate(set.apiserver.certificate)
    for (const name of ['localhost', 'kubernetes', 'kubernetes.default.svc.cluster.local', 'node-1'])
      assert.ok(server.checkHost(name), name)
    for (const address of ['127.0.0.1', '192.0.2.7', '10.96.0.1', '2001:db8::1']) assert.ok(server.checkIP(address), address)
    const users = {
      [set.admin.certificate]: 'O=system:masters\nCN=kubernetes-admin',
      [node.client.certificate]: 'O=system:nodes\nCN=system:node:node-1',
      [node.serving.certificate]: 'O=system:nodes\nCN=system:node:node-1',
    }
    for (const [pem, subject] of Object.entries(users)) {
      const certificate = new X509Certificate(pem)
      assert.equal(certificate.subject, subject)
      assert.ok(certificate.verify(ca.publicKey))
      assert.ok(certificate.checkIssued(ca))
    }
  })

  test('TLS: server and client accept each other', async () => {
    const set = await new ClusterPKI(new MemoryPKIFiles(), options).load()
    const server = createServer({
      cert: set.apiserver.certificate,
      key: set.apiserver.key,
      ca: set.ca,
      requestCert: true,
      rejectUnauthorized: true,
    })
    const accepted = new Promise<TLSSocket>(resolve => server.once('secureConnection', resolve))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const client = connect({ port, host: '127.0.0.1', ca: set.ca, cert: set.admin.certificate, key: set.admin.key })
    await new Promise((resolve, reject) => client.once('secureConnect', resolve).once('error', reject))
    assert.equal((await accepted).getPeerCertificate().subject.CN, 'kubernetes-admin')
    client.destroy()
    ;(await accepted).destroy()
    await new Promise(resolve => server.close(resolve))
  })

  test('folder: reused, private, no leftovers', async () => {
    const first = await new ClusterPKI(new FolderPKIFiles(folder), options).load()
    assert.deepEqual(await new ClusterPKI(new FolderPKIFiles(folder), options).load(), first)
    const names = await readdir(folder)
    assert.deepEqual(
      names.filter(name => name.endsWith('.tmp')),
      [],
    )
    for (const name of names.filter(name => name.endsWith('.key'))) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name)
  })

  const damages: { name: string; damage(folder: string): Promise<void>; changed: string[]; with?: Partial<ClusterPKIOptions> }[] = [
    { name: 'certificate missing', damage: folder => rm(join(folder, 'admin.crt')), changed: ['admin'] },
    { name: 'key of another pair', damage: async folder => copy(folder, 'apiserver.key', 'admin.key'), changed: ['admin'] },
    { name: 'cut file', damage: folder => writeFile(join(folder, 'apiserver.crt'), '-----BEGIN'), changed: ['apiserver'] },
    { name: 'CA certificate missing: same authority', damage: folder => rm(join(folder, 'ca.crt')), changed: ['ca'] },
    { name: 'new address', damage: async () => {}, with: { serverAddresses: ['192.0.2.8'] }, changed: ['apiserver'] },
    {
      name: 'half a year left',
      damage: async () => {},
      with: { now: now + 200 * dayMs },
      changed: ['apiserver', 'apiserverKubeletClient', 'admin'],
    },
  ]
  for (const { name, damage, changed, with: change } of damages) {
    test(`folder: ${name} → made anew`, async () => {
      const own = await mkdtemp(join(tmpdir(), 'cox-pki-'))
      const before = await new ClusterPKI(new FolderPKIFiles(own), options).load()
      await damage(own)
      const after = await new ClusterPKI(new FolderPKIFiles(own), { ...options, ...change }).load()
      const differing = Object.keys(before).filter(
        key => JSON.stringify(before[key as keyof typeof before]) !== JSON.stringify(after[key as keyof typeof after]),
      )
      assert.deepEqual(differing, changed)
      for (const pair of [after.admin, after.apiserver, before.admin]) {
        assert.ok(new X509Certificate(pair.certificate).checkIssued(new X509Certificate(after.ca)))
      }
      await rm(own, { recursive: true })
    })
  }

  test('a fresh set takes little time', async () => {
    const start = performance.now()
    await new ClusterPKI(new MemoryPKIFiles(), options).load()
    assert.ok(performance.now() - start < 200)
  })
})

async function copy(folder: string, from: string, to: string): Promise<void> {
  await writeFile(join(folder, to), await readFile(join(folder, from)))
}
