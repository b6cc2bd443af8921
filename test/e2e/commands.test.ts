/** What stock kubectls print for everyday commands and for everyday mistakes, against a cluster with one simulated node in this process. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Cluster, startCluster } from '#cluster/index.ts'
import { ensureKubectl } from '../../hack/kubectl.ts'
import { kubectlVersions, type Outcome, parseTable, type RunOptions, runProgram } from './cluster.ts'

let cluster: Cluster
let folder: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cox-commands-'))
  cluster = await startCluster({ nodes: { count: 1 } })
  await cluster.writeKubeconfig(join(folder, 'kubeconfig'))
  for (const version of kubectlVersions) await ensureKubectl(version)
})

after(async () => {
  await cluster?.stop()
  await rm(folder, { recursive: true })
})

const podOf = (name: string, container = '{name: c, image: nginx}', more = '') =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec: {containers: [${container}]${more}}\n`

for (const version of kubectlVersions) {
  const namespace = `commands-${version.replace('.', '-')}`
  const isOld = version === '1.20'
  const isNew = version === '1.36'
  const tryRun = async (args: readonly string[], options: RunOptions = {}): Promise<Outcome> =>
    runProgram(await ensureKubectl(version), ['-n', namespace, ...args], {
      ...options,
      env: { KUBECONFIG: join(folder, 'kubeconfig'), HOME: join(folder, version), ...options.env },
    })
  const run = async (args: readonly string[], options?: RunOptions) => {
    const { code, stdout, stderr } = await tryRun(args, options)
    assert.equal(code, 0, `kubectl ${args.join(' ')}: ${stdout}${stderr}`)
    return stdout
  }
  const fails = async (args: readonly string[], want: string | RegExp, options?: RunOptions) => {
    const { code, stderr } = await tryRun(args, options)
    assert.equal(code, 1, `kubectl ${args.join(' ')}`)
    if (typeof want === 'string') assert.equal(stderr.trimEnd(), want)
    else assert.match(stderr, want)
  }
  const deleted = (what: string) => `${what} deleted${isNew ? ` from ${namespace} namespace` : ''}\n`

  describe(`kubectl ${version}`, () => {
    before(async () => {
      await run(['create', 'namespace', namespace])
    })

    test('changing a Pod: label, annotate, patch, edit', async () => {
      assert.equal(await run(['run', 'web', '--image=nginx', '--port=80']), 'pod/web created\n')
      assert.equal(await run(['label', 'pod', 'web', 'a=b']), 'pod/web labeled\n')
      await fails(['label', 'pod', 'web', 'a=c'], "error: 'a' already has a value (b), and --overwrite is false")
      assert.equal(await run(['label', 'pods', '--all', 'tier=x']), 'pod/web labeled\n')
      assert.equal(await run(['annotate', 'pod', 'web', 'note=hello world']), 'pod/web annotated\n')
      assert.equal(await run(['patch', 'pod', 'web', '-p', '{"metadata":{"labels":{"p":"1"}}}']), 'pod/web patched\n')
      assert.deepEqual(
        parseTable(await run(['get', 'pods', '-L', 'a,p', '--show-labels'])).map(({ A, P, LABELS }) => [A, P, LABELS]),
        [['b', '1', 'a=b,p=1,run=web,tier=x']],
      )
      await fails(
        ['patch', 'pod', 'web', '--type=json', '-p', '[{"op":"remove","path":"/metadata/labels/none"}]'],
        /^The request is invalid/,
      )
      const forbidden =
        /^The Pod "web" is invalid: spec: Forbidden: pod updates may not change fields other than `spec\.containers\[\*\]\.image`/
      await fails(['patch', 'pod', 'web', '--type=merge', '-p', '{"spec":{"nodeName":"other"}}'], forbidden)
      const env = { KUBE_EDITOR: 'sed -i s/hello/goodbye/' }
      assert.equal(await run(['edit', 'pod', 'web'], { env }), 'pod/web edited\n')
      assert.equal(await run(['get', 'pod', 'web', '-o', 'jsonpath={.metadata.annotations.note}']), 'goodbye world')
      await fails(['scale', 'pod', 'web', '--replicas=2'], /could not find the requested resource/)
    })

    test('what owns which field is named as upstream names it', async () => {
      await run(['wait', '--for=condition=Ready', 'pod/web', '--timeout=20s'])
      const managers = await run(['get', 'pod', 'web', '-o', 'jsonpath={.metadata.managedFields[*].manager}'])
      const names = ['kubectl-annotate', 'kubectl-edit', 'kubectl-label', 'kubectl-patch', 'kubectl-run', 'kubelet']
      assert.deepEqual(managers.split(' ').sort(), names)
    })

    test('get in every form', async () => {
      assert.equal(await run(['get', 'pods', '-o', 'name']), 'pod/web\n')
      assert.equal(await run(['get', 'pods', '--no-headers', '-o', 'custom-columns=N:.metadata.name,X:.spec.none']), 'web   <none>\n')
      assert.equal(await run(['get', 'pods', '-o', 'go-template={{range .items}}{{.metadata.name}}{{end}}']), 'web')
      assert.match(
        await run(['get', 'po/web', 'ns/default']),
        /^NAME +READY.*\npod\/web +1\/1 +Running.*\n\nNAME +STATUS.*\nnamespace\/default +Active/,
      )
      assert.match(await run(['get', 'pods', '--sort-by=.metadata.creationTimestamp']), /^NAME +READY +STATUS +RESTARTS +AGE\nweb /)
      await fails(['get', 'pods', 'nope'], 'Error from server (NotFound): pods "nope" not found')
      await fails(['get', 'nope'], 'error: the server doesn\'t have a resource type "nope"')
      await fails(
        ['get', 'pods', '--field-selector=spec.nope=1'],
        'Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "", field selector "spec.nope=1": field label not supported: spec.nope',
      )
      assert.equal((await tryRun(['get', 'pods', '-l', 'run=nope'])).stderr, `No resources found in ${namespace} namespace.\n`)
    })

    test('Services: expose, create, get, describe', async () => {
      assert.equal(await run(['expose', 'pod', 'web']), 'service/web exposed\n')
      assert.equal(await run(['create', 'service', 'nodeport', 'np', '--tcp=80:8080']), 'service/np created\n')
      assert.equal(await run(['create', 'service', 'externalname', 'en', '--external-name=example.com']), 'service/en created\n')
      const table = await run(['get', 'services'])
      assert.match(table, /^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE\n/)
      assert.match(table, /\nen +ExternalName +<none> +example\.com +<none> +\d+s\n/)
      assert.match(table, /\nnp +NodePort +10\.\d+\.\d+\.\d+ +<none> +80:3\d{4}\/TCP +\d+s\n/)
      assert.match(table, /\nweb +ClusterIP +10\.\d+\.\d+\.\d+ +<none> +80\/TCP +\d+s\n/)
      assert.match(
        await run(['describe', 'service', 'web']),
        /^Selector: +a=b,p=1,run=web,tier=x\nType: +ClusterIP\nIP Family Policy: +SingleStack\n/m,
      )
      assert.equal(
        await run(['delete', 'service', 'np', 'en', 'web']),
        ['np', 'en', 'web'].map(name => deleted(`service "${name}"`)).join(''),
      )
    })

    test('nodes: cordon, drain, uncordon, taint', async () => {
      assert.equal(await run(['cordon', 'node-0']), 'node/node-0 cordoned\n')
      assert.match(await run(['get', 'node', 'node-0']), /\nnode-0 +Ready,SchedulingDisabled +<none> +\d+s +v1\.36\./)
      await run(['run', 'late', '--image=nginx'])
      await run(['wait', '--for=condition=PodScheduled=False', 'pod/late', '--timeout=20s'])
      const text = await run(['describe', 'pod', 'late'])
      assert.match(text, /Warning +FailedScheduling .* default-scheduler +0\/1 nodes are available: 1 node\(s\) were unschedulable\. /)
      await fails(['drain', 'node-0'], /(declare no controller|not managed by ReplicationController)/)
      assert.equal(await run(['uncordon', 'node-0']), 'node/node-0 uncordoned\n')
      await run(['wait', '--for=condition=Ready', 'pod/late', '--timeout=20s'])
      assert.equal(await run(['taint', 'node', 'node-0', 'k=v:NoSchedule']), 'node/node-0 tainted\n')
      assert.equal(await run(['taint', 'node', 'node-0', 'k-']), 'node/node-0 untainted\n')
    })

    test('a folder of manifests: YAML, several documents in a file, JSON', async () => {
      const files = join(folder, `manifests-${version}`)
      await mkdir(files)
      await writeFile(join(files, 'a.yaml'), podOf('m1'))
      await writeFile(
        join(files, 'b.yml'),
        `${podOf('m2')}---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata: {k: v}\n---\n# nothing\n`,
      )
      await writeFile(join(files, 'c.json'), '{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"k":"v"}}')
      await writeFile(join(files, 'readme.txt'), 'no manifest')
      const all = (word: string) => ['pod/m1', 'pod/m2', 'configmap/cm', 'secret/s'].map(name => `${name} ${word}\n`).join('')
      assert.equal(await run(['apply', '-f', files]), all('created'))
      assert.equal(await run(['apply', '-f', files]), all('unchanged').replace('secret/s unchanged', 'secret/s configured'))
      const diff = await tryRun(['diff', '-f', '-'], { input: podOf('m1', '{name: c, image: "nginx:1.16"}') })
      assert.equal(diff.code, 1)
      assert.match(diff.stdout, /\n-  - image: nginx\n\+  - image: nginx:1\.16\n/)
      assert.match(await run(['replace', '--force', '-f', join(files, 'a.yaml')]), /pod "m1" deleted.*\npod\/m1 replaced\n$/)
      const names = ['pod "m1"', 'pod "m2"', 'configmap "cm"', 'secret "s"']
      assert.equal(await run(['delete', '--now', '-f', files]), names.map(deleted).join(''))
    })

    test('dry runs store nothing', async () => {
      assert.equal(await run(['run', 'dry', '--image=nginx', '--dry-run=client']), 'pod/dry created (dry run)\n')
      assert.equal(await run(['run', 'dry', '--image=nginx', '--dry-run=server']), 'pod/dry created (server dry run)\n')
      const created = isNew ? '' : '  creationTimestamp: null\n'
      assert.equal(
        await run(['run', 'redis', '--image=redis', '--dry-run=client', '-o', 'yaml']),
        `apiVersion: v1\nkind: Pod\nmetadata:\n${created}  labels:\n    run: redis\n  name: redis\n  namespace: ${namespace}\nspec:\n  containers:\n  - image: redis\n    name: redis\n    resources: {}\n  dnsPolicy: ClusterFirst\n  restartPolicy: Always\nstatus: {}\n`,
      )
      await fails(['get', 'pod', 'dry'], 'Error from server (NotFound): pods "dry" not found')
    })

    const mistakes: { name: string; manifest: string; want: string | RegExp; old?: RegExp }[] = [
      {
        name: 'a misspelt field of the tutorial',
        manifest:
          'apiVersion: v1\nkind: Pod\nmetadata:\n  name: nginx\n  lables:\n    app: myapp\nspec:\n  containers:\n  - name: nginx\n    image: nginx:1.14.2\n',
        want: /strict decoding error: unknown field "metadata\.lables"/,
        old: /ValidationError\(Pod\.metadata\): unknown field "lables" in io\.k8s\.apimachinery\.pkg\.apis\.meta\.v1\.ObjectMeta/,
      },
      { name: 'no kind', manifest: 'apiVersion: v1\nmetadata: {name: x}\n', want: /error validating data: kind not set/ },
      {
        name: 'a kind that there is not',
        manifest: 'apiVersion: v1\nkind: Podd\nmetadata: {name: x}\n',
        want: /no matches for kind "Podd" in version "v1"/,
      },
      {
        name: 'the wrong version',
        manifest: 'apiVersion: v1\nkind: Lease\nmetadata: {name: x}\n',
        want: /no matches for kind "Lease" in version "v1"/,
      },
      {
        name: 'a name in capitals',
        manifest: podOf('My_Pod'),
        want: /^The Pod "My_Pod" is invalid: metadata\.name: Invalid value: "My_Pod": a lowercase RFC 1123 subdomain must consist of/,
      },
      { name: 'no image', manifest: podOf('x', '{name: c}'), want: 'The Pod "x" is invalid: spec.containers[0].image: Required value' },
      {
        name: 'two containers of a name',
        manifest: podOf('x', '{name: c, image: a}, {name: c, image: b}'),
        want: 'The Pod "x" is invalid: spec.containers[1].name: Duplicate value: "c"',
      },
      {
        name: 'a port in quotes',
        manifest: podOf('x', '{name: c, image: a, ports: [{containerPort: "80"}]}'),
        want: /json: cannot unmarshal string into Go struct field ContainerPort\.spec\.containers\.ports\.containerPort of type int32/,
        old: /invalid type for io\.k8s\.api\.core\.v1\.ContainerPort\.containerPort: got "string", expected "integer"/,
      },
      {
        name: 'a port that is too big',
        manifest: podOf('x', '{name: c, image: a, ports: [{containerPort: 80000}]}'),
        want: 'The Pod "x" is invalid: spec.containers[0].ports[0].containerPort: Invalid value: 80000: must be between 1 and 65535, inclusive',
      },
      {
        name: 'two mistakes',
        manifest: podOf('x', '{name: c, image: a, imagePullPolicy: Maybe}', ', restartPolicy: Sometimes'),
        want: 'The Pod "x" is invalid: \n* spec.containers[0].imagePullPolicy: Unsupported value: "Maybe": supported values: "Always", "IfNotPresent", "Never"\n* spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
      },
      {
        name: 'a number as an environment variable',
        manifest: podOf('x', '{name: c, image: a, env: [{name: A, value: 1}]}'),
        want: /json: cannot unmarshal number into Go struct field EnvVar\.spec\.containers\.env\.value of type string/,
      },
      {
        name: 'a volume that is not there',
        manifest: podOf('x', '{name: c, image: a, volumeMounts: [{name: v, mountPath: /x}]}'),
        want: 'The Pod "x" is invalid: spec.containers[0].volumeMounts[0].name: Not found: "v"',
      },
      {
        name: 'more than the limit',
        manifest: podOf('x', '{name: c, image: a, resources: {requests: {cpu: 2}, limits: {cpu: 1}}}'),
        want: 'The Pod "x" is invalid: spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
      },
      {
        name: 'a quantity that is none',
        manifest: podOf('x', '{name: c, image: a, resources: {requests: {memory: 1Gx}}}'),
        want: /quantities must match the regular expression '\^\(\[\+-\]\?\[0-9\.\]\+\)/,
      },
      {
        name: 'a service account that there is not',
        manifest: podOf('x', '{name: c, image: a}', ', serviceAccountName: nope'),
        want: new RegExp(
          `pods "x" is forbidden: error looking up service account ${namespace}/nope: serviceaccount "nope" not found$`,
          'm',
        ),
      },
      { name: 'a tab', manifest: 'apiVersion: v1\nkind: Pod\nmetadata:\n\tname: x\n', want: /found character that cannot start any token/ },
      { name: 'nothing', manifest: '', want: 'error: no objects passed to apply' },
    ]
    for (const { name, manifest, want, old } of mistakes) {
      test(`a bad manifest: ${name}`, () => fails(['apply', '-f', '-'], isOld && old !== undefined ? old : want, { input: manifest }))
    }

    test('what is deprecated says so', async () => {
      const { stderr } = await tryRun(['get', 'endpoints'])
      assert.match(stderr, /^Warning: v1 Endpoints is deprecated in v1\.33\+; use discovery\.k8s\.io\/v1 EndpointSlice\n/)
    })

    test('what is not there says so', async () => {
      await fails(['top', 'pod'], 'error: Metrics API not available')
      await fails(['create', 'deployment', 'd', '--image=nginx'], /the server could not find the requested resource/)
      await fails(['exec', 'nope', '--', 'ls'], 'Error from server (NotFound): pods "nope" not found')
      await fails(['logs', 'nope'], /pods "nope" not found/)
      await fails(['apply', '-f', 'nowhere.yaml'], 'error: the path "nowhere.yaml" does not exist')
    })
  })
}
