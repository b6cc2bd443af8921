/** MISSION rows A1, A3, A4, A6, A12: objects and kubectl, by every stock kubectl. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { kubectlVersions, parseTable, root, useCluster } from './cluster.ts'

const cluster = useCluster()
const example = (name: string) => join(root, 'examples', name)

for (const version of kubectlVersions) {
  const namespace = `objects-${version.replace('.', '-')}`
  const inNamespace = ['-n', namespace]

  test(`kubectl ${version}: apply says created, unchanged, configured; the Pod runs`, async () => {
    assert.equal(await cluster.kubectl(version, ['create', 'namespace', namespace]), `namespace/${namespace} created\n`)
    const apply = ['apply', '-f', example('sample-pod.yaml'), ...inNamespace]
    assert.equal(await cluster.kubectl(version, apply), 'pod/sample-pod created\n')
    assert.equal(await cluster.kubectl(version, apply), 'pod/sample-pod unchanged\n')
    const labelled = (await readFile(example('sample-pod.yaml'), 'utf8')).replace(
      'name: sample-pod',
      'name: sample-pod\n  labels:\n    tier: web',
    )
    assert.equal(await cluster.kubectl(version, ['apply', '-f', '-', ...inNamespace], { input: labelled }), 'pod/sample-pod configured\n')
    await cluster.waitFor('pod/sample-pod', 'condition=Ready', ...inNamespace)

    const [row] = parseTable(await cluster.kubectl(version, ['get', 'pods', ...inNamespace]))
    assert.deepEqual({ ...row, AGE: '' }, { NAME: 'sample-pod', READY: '1/1', STATUS: 'Running', RESTARTS: '0', AGE: '' })
    assert.match(row!['AGE']!, /^\d+(s|m\d*s?)$/)
  })

  test(`kubectl ${version}: get -o wide shows IP, node, nominated node, readiness gates`, async () => {
    const [row] = parseTable(await cluster.kubectl(version, ['get', 'pods', '-o', 'wide', ...inNamespace]))
    assert.match(row!['IP']!, /^10\.24[4-9]\.\d+\.\d+$|^10\.25[01]\.\d+\.\d+$/)
    assert.equal(row!['NODE'], (await cluster.jsonPath('nodes', '.items[0].metadata.name')).trim())
    assert.deepEqual([row!['NOMINATED NODE'], row!['READINESS GATES']], ['<none>', '<none>'])
  })

  test(`kubectl ${version}: get -o yaml, -o json, by label and by field`, async () => {
    assert.match(await cluster.kubectl(version, ['get', 'pod', 'sample-pod', '-o', 'yaml', ...inNamespace]), /^apiVersion: v1\nkind: Pod\n/)
    const object = JSON.parse(await cluster.kubectl(version, ['get', 'pod', 'sample-pod', '-o', 'json', ...inNamespace]))
    assert.deepEqual([object.kind, object.spec.containers[0].image, object.status.phase], ['Pod', 'nginx:1.16', 'Running'])
    const names = (...args: string[]) => cluster.kubectl(version, ['get', 'pods', '-o', 'name', ...inNamespace, ...args])
    assert.equal(await names('-l', 'tier=web'), 'pod/sample-pod\n')
    assert.equal(await names('-l', 'tier!=web'), '')
    assert.equal(await names('--field-selector', 'status.phase=Running'), 'pod/sample-pod\n')
    assert.equal(await names('--field-selector', 'status.phase=Pending'), '')
  })

  test(`kubectl ${version}: run, label, edit by patch, delete by name and by file`, async () => {
    assert.equal(
      await cluster.kubectl(version, ['run', 'webserver', '--image=nginx:1.14', '--port=80', ...inNamespace]),
      'pod/webserver created\n',
    )
    const editor = `sh -c 'sed -i "s/run: webserver/run: edited/" "$0"'`
    assert.match(
      await cluster.kubectl(version, ['edit', 'pod', 'webserver', ...inNamespace], { env: { KUBE_EDITOR: editor } }),
      /pod\/webserver edited/,
    )
    assert.equal(await cluster.jsonPath('pod/webserver', '.metadata.labels.run', ...inNamespace), 'edited')
    assert.match(
      await cluster.kubectl(version, ['delete', 'pod', 'webserver', '--grace-period=0', '--force', ...inNamespace]),
      /pod "webserver" force deleted/,
    )
    assert.match(await cluster.kubectl(version, ['delete', '-f', example('sample-pod.yaml'), ...inNamespace]), /pod "sample-pod" deleted/)
    const gone = await cluster.tryKubectl(version, ['get', 'pod', 'sample-pod', ...inNamespace])
    assert.equal(gone.code, 1)
    assert.equal(gone.stderr, 'Error from server (NotFound): pods "sample-pod" not found\n')
  })

  test(`kubectl ${version}: two containers on one port → 1/2 Error, then CrashLoopBackOff, with the reason in the log`, async () => {
    await cluster.kubectl(version, ['apply', '-f', example('sample-2pod-fail.yaml'), ...inNamespace])
    const reason = 'jsonpath={.status.containerStatuses[?(@.name=="nginx-container-113")].state.waiting.reason}=CrashLoopBackOff'
    await cluster.waitFor('pod/sample-2pod-fail', reason, ...inNamespace)
    const log = await cluster.kubectl(version, ['logs', 'sample-2pod-fail', '-c', 'nginx-container-113', '--previous', ...inNamespace])
    assert.match(log, /nginx: \[emerg\] bind\(\) to 0\.0\.0\.0:80 failed \(98: Address already in use\)/)
    const [row] = parseTable(await cluster.kubectl(version, ['get', 'pods', ...inNamespace]))
    assert.equal(row!['READY'], '1/2')
    assert.match(row!['STATUS']!, /^(Error|CrashLoopBackOff)$/)
    await cluster.kubectl(version, ['delete', 'pod', 'sample-2pod-fail', '--grace-period=1', ...inNamespace])
  })

  test(`kubectl ${version}: a namespace isolates names and goes with what is in it`, async () => {
    await cluster.kubectl(version, ['run', 'same-name', '--image=nginx', ...inNamespace])
    await cluster.kubectl(version, ['run', 'same-name', '--image=nginx', '-n', 'default'])
    assert.match(
      await cluster.kubectl(version, ['delete', 'namespace', namespace], { limitMs: 100_000 }),
      new RegExp(`namespace "${namespace}" deleted`),
    )
    assert.equal(await cluster.kubectl(version, ['get', 'pod', 'same-name', '-n', 'default', '-o', 'name']), 'pod/same-name\n')
    await cluster.kubectl(version, ['delete', 'pod', 'same-name', '-n', 'default', '--grace-period=1'])
  })

  test(`kubectl ${version}: get -w shows what happens`, async () => {
    // A Pod that does not change is seen first: from then on nothing is missed.
    const gated = 'schedulingGates: [{name: example.com/wait}], containers: [{name: c, image: nginx}]'
    const input = `apiVersion: v1\nkind: Pod\nmetadata: {name: gated, namespace: default}\nspec: {${gated}}\n`
    await cluster.kubectl(version, ['create', '-f', '-'], { input })
    using watching = await cluster.follow(version, ['get', 'pods', '-w', '--output-watch-events', '-n', 'default'])
    await watching.until(/ADDED\s+gated\s+0\/1\s+SchedulingGated/)
    await cluster.kubectl(version, ['run', 'watched', '--image=busybox', '--restart=Never', '-n', 'default', '--', 'true'])
    await watching.until(/ADDED\s+watched\s+0\/1\s+Pending[^]*MODIFIED\s+watched\s+0\/1\s+Completed/)
    await cluster.kubectl(version, ['delete', 'pod', 'watched', 'gated', '-n', 'default'])
    await watching.until(/DELETED\s+watched/)
  })
}
