/** The program itself: up, down, delete, two clusters, and that nothing is left behind. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { newTestCluster, parseTable, root, runProgram } from './cluster.ts'

const example = (name: string) => join(root, 'examples', name)

/** What a cluster changes on the machine. */
async function machineState(): Promise<Record<string, string>> {
  const commands: Record<string, [string, string[]]> = {
    links: ['ip', ['-o', 'link']],
    routes: ['ip', ['route', 'show', 'table', 'all']],
    rules: ['nft', ['list', 'ruleset']],
    namespaces: ['ip', ['netns']],
    mounts: ['sh', ['-c', 'cut -d" " -f2,3 /proc/mounts | sort']],
    cgroups: ['sh', ['-c', 'find /sys/fs/cgroup -maxdepth 2 -type d | sort']],
    processes: ['sh', ['-c', 'ps -eo args | grep -E "containerd|cox.ts" | grep -v grep | sort']],
  }
  const state: Record<string, string> = {}
  for (const [name, [command, args]] of Object.entries(commands)) state[name] = (await runProgram(command, args)).stdout
  return state
}

test('up, down, up again, down --delete: Pods outlive down, nothing outlives delete', { timeout: 280_000 }, async () => {
  const before = await machineState()
  const cluster = await newTestCluster()
  const kubeconfigBefore =
    'apiVersion: v1\nkind: Config\nclusters:\n- name: mine\n  cluster:\n    server: https://example.invalid\ncontexts: []\nusers: []\ncurrent-context: mine\n'
  await writeFile(cluster.kubeconfig, kubeconfigBefore)

  const { stdout } = await cluster.up('-f', example('sample-pod.yaml'))
  assert.match(stdout, /sample-pod\s+1\/1\s+Running/)
  const context = await cluster.kubectl('1.36', ['config', 'current-context'])
  assert.match(context, /coxswain/)
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
  assert.deepEqual(await machineState(), before)
  await rm(cluster.folder, { recursive: true })
})

test('two clusters side by side: own Pods, own addresses, one goes without the other noticing', { timeout: 280_000 }, async () => {
  const before = await machineState()
  const [one, two] = [await newTestCluster(), await newTestCluster()]
  await one.up('-f', example('sample-pod.yaml'))
  await two.up('-f', example('sample-workingdir.yaml'))
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
  assert.deepEqual(await machineState(), before)
  for (const { folder } of [one, two]) await rm(folder, { recursive: true })
})

test('mistakes get one sentence, what to do next, and an exit code', async () => {
  const cluster = await newTestCluster()
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
  await rm(cluster.folder, { recursive: true })
})

test('doctor says what this machine can do', async () => {
  const { stdout } = await runProgram('./cox', ['doctor'])
  for (const topic of [/kernel/i, /cgroup/i, /containerd/i, /runc/i, /user namespaces/i]) assert.match(stdout, topic)
})

test('status and table: the columns line up', () => {
  assert.deepEqual(parseTable('NAME   READY\na      1/1\n'), [{ NAME: 'a', READY: '1/1' }])
})
