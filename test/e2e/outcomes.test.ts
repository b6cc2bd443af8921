/** MISSION rows A4, A5 and B19: what becomes of Pods, as every stock kubectl shows it, and their status field by field. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kubectlVersions, parseTable, useCluster } from './cluster.ts'

interface Outcome {
  name: string
  spec: string
  /** JSONPath and value that tell when it is there. */
  until: string
  /** The columns READY and STATUS, then RESTARTS if they matter. What is tried again and again shows it for a moment. */
  shown: [ready: string, status: string | RegExp, restarts?: RegExp]
}

const container = (state: string) => `{.status.containerStatuses[0].state.${state}}`
const busybox = (command: string, more = '') => `{name: c, image: busybox, command: [sh, -c, '${command}']${more}}`

const outcomes: Outcome[] = [
  {
    name: 'done',
    spec: `restartPolicy: Never, containers: [${busybox('exit 0')}]`,
    until: '{.status.phase}=Succeeded',
    shown: ['0/1', 'Completed', /^0$/],
  },
  {
    name: 'failed',
    spec: `restartPolicy: Never, containers: [${busybox('exit 3')}]`,
    until: '{.status.phase}=Failed',
    shown: ['0/1', 'Error', /^0$/],
  },
  {
    name: 'half',
    spec: `restartPolicy: Never, containers: [${busybox('exit 1')}, {name: d, image: nginx}]`,
    until: `${container('terminated.exitCode')}=1`,
    shown: ['1/2', 'Error'],
  },
  {
    name: 'no-program',
    spec: 'restartPolicy: Never, containers: [{name: c, image: busybox, command: [/none]}]',
    until: '{.status.phase}=Failed',
    shown: ['0/1', 'StartError'],
  },
  {
    name: 'out-of-memory',
    spec: `restartPolicy: Never, containers: [{name: c, image: nginx, command: [bash, -c, 'a=x; while true; do a=$a$a; done'], resources: {limits: {memory: 20Mi}}}]`,
    until: '{.status.phase}=Failed',
    shown: ['0/1', 'OOMKilled'],
  },
  {
    name: 'crashing',
    spec: `containers: [${busybox('exit 1')}]`,
    until: `${container('waiting.reason')}=CrashLoopBackOff`,
    shown: ['0/1', /^(CrashLoopBackOff|Error)$/, /^\d \(\d+s ago\)$/],
  },
  {
    name: 'init-waits',
    spec: `initContainers: [{name: i, image: busybox, command: [sleep, '3600']}, ${busybox('true')}], containers: [{name: d, image: nginx}], terminationGracePeriodSeconds: 1`,
    until: '{.status.initContainerStatuses[0].state.running.startedAt}',
    shown: ['0/1', 'Init:0/2'],
  },
  {
    name: 'init-failed',
    spec: `restartPolicy: Never, initContainers: [${busybox('exit 1')}], containers: [{name: d, image: nginx}]`,
    until: '{.status.phase}=Failed',
    shown: ['0/1', 'Init:Error'],
  },
  {
    name: 'no-image',
    spec: 'containers: [{name: c, image: "nowhere:1"}]',
    until: `${container('waiting.reason')}=ImagePullBackOff`,
    shown: ['0/1', /^(ImagePullBackOff|ErrImagePull)$/],
  },
  {
    name: 'never-pulled',
    spec: 'containers: [{name: c, image: "nowhere:1", imagePullPolicy: Never}]',
    until: `${container('waiting.reason')}=ErrImageNeverPull`,
    shown: ['0/1', 'ErrImageNeverPull'],
  },
  {
    name: 'bad-image',
    spec: 'containers: [{name: c, image: "A:b:c"}]',
    until: `${container('waiting.reason')}=InvalidImageName`,
    shown: ['0/1', 'InvalidImageName'],
  },
  {
    name: 'no-config',
    spec: 'containers: [{name: c, image: nginx, envFrom: [{configMapRef: {name: none}}]}]',
    until: `${container('waiting.reason')}=CreateContainerConfigError`,
    shown: ['0/1', 'CreateContainerConfigError'],
  },
  {
    name: 'refused',
    spec: 'nodeName: NODE, containers: [{name: c, image: nginx, resources: {requests: {cpu: "1000"}}}]',
    until: '{.status.reason}=OutOfcpu',
    shown: ['0/1', 'OutOfcpu'],
  },
  {
    name: 'gated',
    spec: 'schedulingGates: [{name: example.com/x}], containers: [{name: c, image: nginx}]',
    until: '{.status.phase}=Pending',
    shown: ['0/1', 'SchedulingGated'],
  },
  {
    name: 'nowhere',
    spec: 'nodeSelector: {disk: ssd}, containers: [{name: c, image: nginx}]',
    until: '{.status.conditions[0].reason}=Unschedulable',
    shown: ['0/1', 'Pending'],
  },
]

const cluster = useCluster([], async cluster => {
  const node = await cluster.jsonPath('nodes', '.items[0].metadata.name')
  const manifest = outcomes
    .map(({ name, spec }) => `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec: {${spec.replace('NODE', node)}}\n`)
    .join('---\n')
  await cluster.kubectl('1.36', ['apply', '-f', '-'], { input: manifest })
  await cluster.kubectl('1.36', ['run', 'web', '--image=nginx:1.14.2', '--port=80'])
  await Promise.all(outcomes.map(({ name, until }) => cluster.waitFor(`pod/${name}`, `jsonpath=${until}`)))
  await cluster.waitFor('pod/web', 'condition=Ready')
})

for (const version of kubectlVersions) {
  test(`kubectl ${version}: READY, STATUS and RESTARTS`, async () => {
    const rows = new Map(parseTable(await cluster.kubectl(version, ['get', 'pods'])).map(row => [row['NAME'], row]))
    for (const {
      name,
      shown: [ready, status, restarts = /./],
    } of outcomes) {
      const row = rows.get(name)
      assert.equal(row?.['READY'], ready, name)
      if (typeof status === 'string') assert.equal(row?.['STATUS'], status, name)
      else assert.match(row?.['STATUS'] ?? '', status, name)
      assert.match(row!['RESTARTS']!, restarts, name)
    }
  })
}

test('events and messages of what does not start', async () => {
  const describe = (name: string) => cluster.kubectl('1.36', ['describe', 'pod', name])
  const notFound = 'failed to create containerd task: .*exec: "/none": stat /none: no such file or directory'
  const noProgram = await describe('no-program')
  assert.match(noProgram, new RegExp(`Reason: +StartError\n +Message: +${notFound}`))
  assert.match(noProgram, new RegExp(`Warning +Failed .*: Error: ${notFound}`))
  assert.match(await describe('out-of-memory'), /Reason: +OOMKilled\n +Exit Code: +137\n/)
  const crashing = await describe('crashing')
  assert.match(crashing, /Last State: +Terminated\n +Reason: +Error\n +Exit Code: +1\n/)
  assert.match(crashing, /Warning +BackOff .*: Back-off restarting failed container c in pod crashing_default\([-0-9a-f]+\)/)
  assert.match(await describe('no-config'), /Warning +Failed .*: Error: configmap "none" not found/)
  assert.match(
    await describe('refused'),
    /^Status: +Failed\nReason: +OutOfcpu\nMessage: +Pod was rejected: Node didn't have enough resource: cpu, requested: 1000000, used: \d+, capacity: \d+$/m,
  )
  assert.match(
    await describe('nowhere'),
    /Warning +FailedScheduling .*0\/1 nodes are available: 1 node\(s\) didn't match Pod's node affinity\/selector\./,
  )
})

/** As upstream v1.36 shows it; what differs from run to run is named. */
const runningStatus = `status:
  conditions:
  - lastProbeTime: null
    lastTransitionTime: TIME
    observedGeneration: 1
    status: "True"
    type: PodReadyToStartContainers
  - lastProbeTime: null
    lastTransitionTime: TIME
    observedGeneration: 1
    status: "True"
    type: Initialized
  - lastProbeTime: null
    lastTransitionTime: TIME
    observedGeneration: 1
    status: "True"
    type: Ready
  - lastProbeTime: null
    lastTransitionTime: TIME
    observedGeneration: 1
    status: "True"
    type: ContainersReady
  - lastProbeTime: null
    lastTransitionTime: TIME
    observedGeneration: 1
    status: "True"
    type: PodScheduled
  containerStatuses:
  - containerID: containerd://ID
    image: docker.io/library/nginx:1.14.2
    imageID: docker.io/library/nginx@sha256:ID
    lastState: {}
    name: web
    ready: true
    resources: {}
    restartCount: 0
    started: true
    state:
      running:
        startedAt: TIME
    volumeMounts:
    - mountPath: /var/run/secrets/kubernetes.io/serviceaccount
      name: kube-api-access-NAME
      readOnly: true
      recursiveReadOnly: Disabled
  hostIP: IP
  hostIPs:
  - ip: IP
  observedGeneration: 1
  phase: Running
  podIP: IP
  podIPs:
  - ip: IP
  qosClass: BestEffort
  startTime: TIME
`

test('the status of a running Pod, field by field', async () => {
  const yaml = await cluster.kubectl('1.36', ['get', 'pod', 'web', '-o', 'yaml'])
  const status = yaml
    .slice(yaml.indexOf('\nstatus:\n') + 1)
    .replace(/"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"/g, 'TIME')
    .replace(/[0-9a-f]{64}/g, 'ID')
    .replace(/\b\d+\.\d+\.\d+\.\d+\b/g, 'IP')
    .replace(/kube-api-access-\w+/, 'kube-api-access-NAME')
    // Only runtimes that tell the user (containerd 2) have it.
    .replace(/    user:\n      linux:\n(?: {8}.*\n)+/, '')
  assert.equal(status, runningStatus)
})

test('debug joins the processes of a container', async () => {
  const debug = ['debug', 'web', '--image=busybox', '--target=web', '-c', 'look', '--', 'cat', '/proc/1/cmdline']
  await cluster.kubectl('1.36', debug)
  await cluster.waitFor('pod/web', 'jsonpath={.status.ephemeralContainerStatuses[0].state.terminated.exitCode}=0')
  assert.match(await cluster.kubectl('1.36', ['logs', 'web', '-c', 'look']), /^nginx: master process/)
  assert.match(await cluster.kubectl('1.36', ['describe', 'pod', 'web']), /spec\.ephemeralContainers\{look\}: Container started/)
})

test('a deleted Pod is Terminating until its grace is over', async () => {
  await cluster.kubectl('1.36', ['delete', 'pod', 'init-waits', '--wait=false'])
  const [row] = parseTable(await cluster.kubectl('1.36', ['get', 'pod', 'init-waits']))
  assert.equal(row?.['STATUS'], 'Terminating')
  await cluster.waitFor('pod/init-waits', 'delete')
})
