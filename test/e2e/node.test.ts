/** MISSION rows A5, A9, B1, B2, B7, C5: the Pod on its node. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { kubectlVersions, parseTable, root, runProgram, useCluster } from './cluster.ts'

/** The tutorial's manifest for `kubectl describe`. */
const nginx = `apiVersion: v1
kind: Pod
metadata:
  name: nginx
  labels:
    app: myapp
    type: front-end
spec:
  containers:
    - name: nginx
      image: nginx:1.14.2
`

const manifests = ['sample-pod.yaml', 'sample-2pod.yaml'].flatMap(name => ['-f', join(root, 'examples', name)])
const cluster = useCluster(manifests, async running => {
  await running.kubectl('1.36', ['apply', '-f', '-'], { input: nginx })
  await running.waitFor('pod/nginx', 'condition=Ready')
})

for (const version of kubectlVersions) {
  test(`kubectl ${version}: describe pod is complete`, async () => {
    const text = await cluster.kubectl(version, ['describe', 'pod', 'nginx'])
    const expected = [
      /^Name: +nginx$/m,
      /^Namespace: +default$/m,
      /^Priority: +0$/m,
      /^Node: +\S+\/\d+\.\d+\.\d+\.\d+$/m,
      /^Start Time: +\w{3}, \d\d \w{3} \d{4}/m,
      /^Labels: +app=myapp\n +type=front-end$/m,
      /^Status: +Running$/m,
      /^IP: +10\.\d+\.\d+\.\d+$/m,
      /^IPs:\n +IP: +10\.\d+\.\d+\.\d+$/m,
      /^ +Container ID: +containerd:\/\/[0-9a-f]{64}$/m,
      /^ +Image: +nginx:1\.14\.2$/m,
      /^ +Image ID: +docker\.io\/library\/nginx@sha256:[0-9a-f]{64}$/m,
      /^ +State: +Running\n +Started: +\w{3}, /m,
      /^ +Ready: +True$/m,
      /^ +Restart Count: +0$/m,
      /^ +Environment: +<none>$/m,
      /^ +Mounts:\n +\/var\/run\/secrets\/kubernetes\.io\/serviceaccount from kube-api-access-\w{5} \(ro\)$/m,
      /^ +Initialized +True/m,
      /^ +Ready +True/m,
      /^ +ContainersReady +True/m,
      /^ +PodScheduled +True/m,
      /^ +Type: +Projected/m,
      /^ +TokenExpirationSeconds: +3607$/m,
      /^ +ConfigMapName: +kube-root-ca\.crt$/m,
      /^ +DownwardAPI: +true$/m,
      /^QoS Class: +BestEffort$/m,
      /^Node-Selectors: +<none>$/m,
      /^Tolerations: +node\.kubernetes\.io\/not-ready:NoExecute op=Exists for 300s\n +node\.kubernetes\.io\/unreachable:NoExecute op=Exists for 300s$/m,
      /Normal +Scheduled +\S+ +default-scheduler +Successfully assigned default\/nginx to /,
      /Normal +Pulled /,
      /Normal +Created /,
      /Normal +Started /,
    ]
    for (const pattern of expected) assert.match(text, pattern)
    if (version !== '1.20') assert.match(text, /^Service Account: +default$/m)
  })

  test(`kubectl ${version}: get node -o wide`, async () => {
    const [row] = parseTable(await cluster.kubectl(version, ['get', 'node', '-o', 'wide']))
    assert.equal(row!['STATUS'], 'Ready')
    assert.equal(row!['ROLES'], 'control-plane')
    assert.match(row!['VERSION']!, /^v1\.36\./)
    assert.match(row!['INTERNAL-IP']!, /^\d+\.\d+\.\d+\.\d+$/)
    assert.match(row!['OS-IMAGE']!, /Linux/)
    assert.match(row!['KERNEL-VERSION']!, /^\d+\.\d+/)
    assert.match(row!['CONTAINER-RUNTIME']!, /^containerd:\/\/\d/)
  })

  test(`kubectl ${version}: create and apply validate against our schemas; explain knows the fields`, async () => {
    const wrong = await cluster.tryKubectl(version, ['apply', '-f', '-'], { input: nginx.replace('image:', 'imagee:') })
    assert.equal(wrong.code, 1)
    assert.match(wrong.stderr, /unknown field "?(spec\.containers\[0\]\.)?imagee"?/)
    assert.match(await cluster.kubectl(version, ['explain', 'pod.spec.containers']), /terminationMessagePath/)
  })

  if (version !== '1.20') {
    test(`kubectl ${version}: apply --server-side of a Pod, and a conflict`, async () => {
      const name = `ssa-${version.replace('.', '-')}`
      const manifest = nginx.replace('name: nginx\n  labels', `name: ${name}\n  labels`)
      const apply = ['apply', '--server-side', '-f', '-']
      assert.equal(await cluster.kubectl(version, apply, { input: manifest }), `pod/${name} serverside-applied\n`)
      const other = await cluster.tryKubectl(version, [...apply, '--field-manager=other'], {
        input: manifest.replace('app: myapp', 'app: yours'),
      })
      assert.match(other.stderr, /Apply failed with 1 conflict: conflict with "kubectl": \.metadata\.labels\.app/)
      await cluster.kubectl(version, ['delete', 'pod', name, '--grace-period=1'])
    })
  }
}

test('one IP a Pod, shared by its containers, which reach one another on localhost', async () => {
  const addresses = await Promise.all(
    ['nginx-container', 'redis-container'].map(container =>
      cluster.kubectl('1.36', ['exec', 'sample-2pod', '-c', container, '--', 'hostname', '-i']),
    ),
  )
  assert.equal(addresses[0], addresses[1])
  assert.equal(addresses[0]!.trim(), await cluster.jsonPath('pod/sample-2pod', '.status.podIP'))
  assert.notEqual(addresses[0]!.trim(), await cluster.jsonPath('pod/sample-2pod', '.status.hostIP'))
  const ping = 'exec 3<>/dev/tcp/127.0.0.1/6379; echo PING >&3; read -r answer <&3; echo "$answer"'
  assert.match(await cluster.kubectl('1.36', ['exec', 'sample-2pod', '-c', 'nginx-container', '--', 'bash', '-c', ping]), /PONG/)
})

test('the infra container holds the namespaces and can be listed beside the app containers', async () => {
  const { stdout } = await runProgram('sh', ['-c', 'ps -eo args | grep -c "^/pause"'])
  assert.ok(Number(stdout.trim()) >= 3, `pause processes: ${stdout}`)
})

test('command, args, env and workingDir', async () => {
  const manifest = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'settings' },
    spec: {
      restartPolicy: 'Never',
      containers: [
        {
          name: 'c',
          image: 'busybox',
          workingDir: '/etc',
          command: ['sh', '-c', 'pwd; echo "$GREETING|$0|$LITERAL"'],
          args: ['$(NAME)'],
          env: [
            { name: 'NAME', value: 'world' },
            { name: 'GREETING', value: 'hello $(NAME)' },
            { name: 'LITERAL', value: '$$(NAME)' },
          ],
        },
      ],
    },
  }
  await cluster.kubectl('1.36', ['apply', '-f', '-'], { input: JSON.stringify(manifest) })
  await cluster.waitFor('pod/settings', 'jsonpath={.status.phase}=Succeeded')
  assert.equal(await cluster.kubectl('1.36', ['logs', 'settings']), '/etc\nhello world|world|$(NAME)\n')
})

test('the service account token in a Pod is accepted by the API server', async () => {
  const mount = '/var/run/secrets/kubernetes.io/serviceaccount'
  const read = (file: string) => cluster.kubectl('1.36', ['exec', 'sample-pod', '--', 'cat', `${mount}/${file}`])
  assert.equal(await read('namespace'), 'default')
  assert.match(await read('ca.crt'), /^-----BEGIN CERTIFICATE-----/)
  const token = await read('token')
  const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } }
  const answer = await cluster.kubectl('1.36', ['create', '--validate=false', '-o', 'json', '-f', '-'], { input: JSON.stringify(review) })
  const { status } = JSON.parse(answer)
  assert.equal(status.authenticated, true)
  assert.equal(status.user.username, 'system:serviceaccount:default:default')
  const self = await cluster.tryKubectl('1.36', [
    'auth',
    'whoami',
    '--token',
    token,
    '--kubeconfig',
    '/dev/null',
    '--insecure-skip-tls-verify',
    `--server=https://127.0.0.1:${cluster.apiPort}`,
  ])
  assert.match(self.stdout, /system:serviceaccount:default:default/)
})

test('an image that does not exist → ErrImagePull and ImagePullBackOff, with events', async () => {
  await cluster.kubectl('1.36', ['run', 'missing', '--image=no-such-image:1'])
  await cluster.waitFor('pod/missing', 'jsonpath={.status.containerStatuses[0].state.waiting.reason}=ImagePullBackOff')
  const text = await cluster.kubectl('1.36', ['describe', 'pod', 'missing'])
  assert.match(text, /Warning +Failed +.* +Error: ErrImagePull/)
  assert.match(text, /Normal +BackOff +.* +Back-off pulling image "no-such-image:1"/)
  await cluster.kubectl('1.36', ['delete', 'pod', 'missing', '--grace-period=1'])
})

test('a Pod that fits nowhere stays Pending and says why', async () => {
  await cluster.kubectl('1.36', [
    'run',
    'huge',
    '--image=nginx',
    '--overrides={"spec":{"containers":[{"name":"huge","image":"nginx","resources":{"requests":{"cpu":"1000"}}}]}}',
  ])
  await cluster.waitFor('pod/huge', 'condition=PodScheduled=False')
  const text = await cluster.kubectl('1.36', ['describe', 'pod', 'huge'])
  assert.match(text, /Warning +FailedScheduling .*0\/1 nodes are available: 1 Insufficient cpu\. /)
  await cluster.kubectl('1.36', ['delete', 'pod', 'huge'])
})
