/** The program itself: up, down, delete, two clusters, and that nothing is left behind. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { ownCluster, parseTable, root, runProgram } from './cluster.ts'
import { namedNamespaces, noTraces, tracesOf } from './machine-state.ts'

const example = (name: string) => join(root, 'examples', name)

test('up, down, up again, down --delete: Pods outlive down, nothing outlives delete', { timeout: 280_000 }, async context => {
  const namespaces = await namedNamespaces()
  const cluster = await ownCluster(context)
  const kubeconfigBefore =
    'apiVersion: v1\nkind: Config\nclusters:\n- name: mine\n  cluster:\n    server: https://example.invalid\ncontexts: []\nusers: []\ncurrent-context: mine\n'
  await writeFile(cluster.kubeconfig, kubeconfigBefore)

  const { stdout } = await cluster.up('-f', example('sample-pod.yaml'))
  assert.match(stdout, /sample-pod\s+1\/1\s+Running/)
  const current = await cluster.kubectl('1.36', ['config', 'current-context'])
  assert.match(current, /coxswain/)
  const containerID = await cluster.jsonPath('pod/sample-pod', '.status.containerStatuses[0].containerID')
  const podIP = await cluster.jsonPath('pod/sample-pod', '.status.podIP')

  assert.match((await cluster.cox(['status', '--data-dir', cluster.dataFolder])).stdout, /running/)
  await cluster.down()
  assert.match((await cluster.cox(['status', '--data-dir', cluster.dataFolder])).stdout, /stopped/)
  assert.match(await (await fetch(`http://${podIP}/`)).text(), /Welcome to nginx!/)

  await cluster.up()
  assert.equal(await cluster.jsonPath('pod/sample-pod', '.status.containerStatuses[0].containerID'), containerID)
  assert.equal(await cluster.jsonPath('pod/sample-pod', '.status.containerStatuses[0].restartCount'), '0')

  await cluster.down('--delete')
  assert.equal(existsSync(cluster.dataFolder), false)
  assert.match(await readFile(cluster.kubeconfig, 'utf8'), /name: mine/)
  assert.doesNotMatch(await readFile(cluster.kubeconfig, 'utf8'), /coxswain/)
  assert.deepEqual(await tracesOf(cluster.dataFolder), noTraces)
  assert.equal(await namedNamespaces(), namespaces)
})

test('two clusters side by side: own Pods, own addresses, one goes without the other noticing', { timeout: 280_000 }, async context => {
  const [one, two] = [await ownCluster(context), await ownCluster(context)]
  // At once: neither may choose what the other has just chosen.
  await Promise.all([one.up('-f', example('sample-pod.yaml')), two.up('-f', example('sample-workingdir.yaml'))])
  assert.equal(await one.kubectl('1.36', ['get', 'pods', '-o', 'name']), 'pod/sample-pod\n')
  assert.equal(await two.kubectl('1.36', ['get', 'pods', '-o', 'name']), 'pod/sample-workingdir\n')
  const addresses = await Promise.all([
    one.jsonPath('pod/sample-pod', '.status.podIP'),
    two.jsonPath('pod/sample-workingdir', '.status.podIP'),
  ])
  assert.notEqual(addresses[0], addresses[1])
  await one.down('--delete')
  assert.match(await (await fetch(`http://${addresses[1]}/`)).text(), /Welcome to nginx!/)
  assert.equal(await two.kubectl('1.36', ['exec', 'sample-workingdir', '--', 'pwd']), '/tmp\n')
  await two.down('--delete')
  for (const { dataFolder } of [one, two]) assert.deepEqual(await tracesOf(dataFolder), noTraces)
})

test('mistakes get one sentence, what to do next, and an exit code', async context => {
  const cluster = await ownCluster(context)
  const cases: { args: string[]; code: number; message: RegExp }[] = [
    { args: ['frobnicate'], code: 2, message: /unknown command "frobnicate"; see "cox help"/ },
    { args: ['up', '--nope'], code: 2, message: /unknown flag: --nope; see "cox up --help"/ },
    {
      args: ['up', '-f', '/does/not/exist', '--data-dir', cluster.dataFolder],
      code: 1,
      message: /the path "\/does\/not\/exist" does not exist/,
    },
    { args: ['up', '--pod-cidr', 'abc', '--data-dir', cluster.dataFolder], code: 2, message: /--pod-cidr/ },
    { args: ['down', '--data-dir', cluster.dataFolder], code: 1, message: /no cluster in/ },
    { args: ['kubeconfig', '--data-dir', cluster.dataFolder], code: 1, message: /no cluster in/ },
  ]
  for (const { args, code, message } of cases) {
    const outcome = await cluster.cox(args)
    assert.match(outcome.stderr, message, args.join(' '))
    assert.equal(outcome.code, code, args.join(' '))
    assert.equal(outcome.stderr.trimEnd().split('\n').length, 1, outcome.stderr)
  }
})

test('doctor says what this machine can do', async () => {
  const { stdout } = await runProgram('./cox', ['doctor'])
  for (const topic of [/kernel/i, /cgroup/i, /containerd/i, /runc/i, /user namespaces/i]) assert.match(stdout, topic)
})

test('status and table: the columns line up', () => {
  assert.deepEqual(parseTable('NAME   READY\na      1/1\n'), [{ NAME: 'a', READY: '1/1' }])
})
