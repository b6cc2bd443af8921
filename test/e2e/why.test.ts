/** The past of a cluster with real containers, as `cox` tells it. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { expectSuccess, parseTable, useCluster } from './cluster.ts'

describe('cox why, cox get --at', () => {
  const cluster = useCluster()
  const cox = async (...args: string[]) =>
    expectSuccess(await cluster.cox([...args, '--data-dir', cluster.dataFolder]), `cox ${args.join(' ')}`)
  const fails = async (args: string[], want: RegExp) => {
    const { code, stderr } = await cluster.cox([...args, '--data-dir', cluster.dataFolder])
    assert.equal(code, 1)
    assert.match(stderr, want)
  }
  let whenReady = ''
  let version = ''

  test('why a Pod runs: who wrote what, and what made them do it', async () => {
    await cluster.kubectl('1.36', ['run', 'x', '--image=busybox', '--restart=Never', '--', 'sleep', '3600'])
    await cluster.waitFor('pod/x', 'condition=Ready')
    whenReady = new Date().toISOString()
    version = await cluster.jsonPath('pod/x', '.metadata.resourceVersion')
    const node = await cluster.jsonPath('pod/x', '.spec.nodeName')
    const { stdout } = await cox('why', 'pod/x')
    assert.match(stdout, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} {2}created by kubernetes-admin \(kubectl\)\n/)
    assert.match(
      stdout,
      /changed \(binding\) by kube-scheduler\n +spec\.nodeName: \S+\n.*\n +← \S+ \S+ {2}it was created by kubernetes-admin \(kubectl\)\n/,
    )
    assert.ok(stdout.includes(`changed (status) by kubelet of ${node}\n      status.phase: Pending → Running\n`), stdout)
    assert.match(stdout, /because container x started\n +← \S+ \S+ {2}it was changed \(binding\) by kube-scheduler\n$/)
  })

  test('why a Pod is gone, and what there was before', async () => {
    await cluster.kubectl('1.36', ['delete', 'pod', 'x', '--grace-period=1'])
    const { stdout } = await cox('why', 'pod', 'x', '-n', 'default')
    assert.match(stdout, /marked for deletion by kubernetes-admin \(kubectl\)\n/)
    assert.match(
      stdout,
      /deleted by kubelet of \S+\n +because container x exited with 137\n +← .* it was marked for deletion by kubernetes-admin \(kubectl\)\n$/,
    )
    assert.equal((await cox('get', 'pods')).stdout, '')
    for (const at of [whenReady, version]) {
      const [row] = parseTable((await cox('get', 'pods', '--at', at, '-o', 'wide')).stdout)
      assert.deepEqual([row?.['NAME'], row?.['READY'], row?.['STATUS']], ['x', '1/1', 'Running'])
    }
    const pod = JSON.parse((await cox('get', 'pod/x', '--at', whenReady, '-o', 'json')).stdout) as { status: { phase: string } }
    assert.equal(pod.status.phase, 'Running')
    assert.match((await cox('get', 'po', '-A', '--at', version)).stdout, /^NAMESPACE +NAME[^]*\ndefault +x /)
    assert.match((await cox('get', 'pod', 'x', '--at', version, '-o', 'yaml')).stdout, /^apiVersion: v1\n[^]*phase: Running/)
  })

  test('what cannot be told is said', async () => {
    await fails(['why', 'pod/nobody'], /^cox why: nothing is recorded of pods "nobody" in namespace "default"/)
    await fails(['why', 'gadget/x'], /^cox why: the server doesn't have a resource type "gadget"\n$/)
    await fails(['get', 'pods', '--at', '48h'], /^cox get: the state of \S+ is not stored; the oldest is that of \d{4}-\S+Z\n$/)
    await fails(['get', 'pod/x'], /^cox get: pods "x" not found\n$/)
  })

  test('what was recorded outlives the process', async () => {
    await cluster.down()
    await fails(['why', 'pod/x'], /^cox why: the cluster in "\S+" is stopped; "cox up --data-dir \S+" starts it again\n$/)
    await cluster.up()
    const { stdout } = await cox('why', 'pod/x')
    assert.match(stdout, /created by kubernetes-admin \(kubectl\)\n[^]*deleted by kubelet of \S+\n/)
    assert.match((await cox('get', 'pods', '--at', whenReady)).stdout, /\nx +1\/1 +Running /)
  })
})
