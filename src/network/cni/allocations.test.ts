import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { addressOwners, releaseAddresses } from './allocations.ts'
import { type PodNetworkOptions, planPodNetwork } from './plan.ts'

let folder: string
let options: PodNetworkOptions
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cox-allocations-'))
  options = {
    clusterID: '0123abcd',
    clusterCIDR: '10.244.0.0/16',
    nodeCIDR: '10.244.0.0/24',
    serviceCIDR: '10.96.0.0/12',
    egress: 'none',
    confFolder: join(folder, 'net.d'),
    ipamFolder: join(folder, 'ipam'),
  }
})
after(() => rm(folder, { recursive: true }))

test('the owners of addresses are those that the plugin has noted', async () => {
  assert.deepEqual(await addressOwners(options), [])
  const notes = join(options.ipamFolder, planPodNetwork(options).network)
  await mkdir(notes, { recursive: true })
  const files = {
    '10.244.0.2': 'aaa\r\neth0',
    '10.244.0.3': 'bbb\neth0',
    '10.244.0.4': 'aaa\r\neth1',
    'last_reserved_ip.0': '10.244.0.4',
    lock: '',
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(notes, name), text)
  assert.deepEqual((await addressOwners(options)).toSorted(), ['aaa', 'bbb'])
})

test('giving back asks each plugin, the last one first, as the runtime would', async () => {
  const binFolder = join(folder, 'bin')
  const log = join(folder, 'log')
  await mkdir(binFolder)
  for (const name of ['bridge', 'portmap'])
    await writeFile(
      join(binFolder, name),
      `#!/bin/sh\necho ${name} $CNI_COMMAND $CNI_CONTAINERID $CNI_IFNAME "$CNI_NETNS" >>${log}\nexec cat >/dev/null\n`,
      {
        mode: 0o755,
      },
    )
  await releaseAddresses({ ...options, ids: ['aaa'], binFolder }, new AbortController().signal)
  assert.equal(await readFile(log, 'utf8'), 'portmap DEL aaa eth0 \nbridge DEL aaa eth0 \n')
})
