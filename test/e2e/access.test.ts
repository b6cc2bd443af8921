/** Who may do what, and how the API describes itself: stock kubectls against a control plane in this process. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Cluster, startCluster } from '#cluster/index.ts'
import { buildKubeconfig } from '#client/kubeconfig/kubeconfig.ts'
import { writeKubeconfig } from '#client/kubeconfig/kubeconfig-file.ts'
import { ensureKubectl, type KubectlVersion } from '../../hack/kubectl.ts'

const versions: KubectlVersion[] = ['1.20', '1.32', '1.36']

let cluster: Cluster
let folder: string
const binaries = new Map<KubectlVersion, string>()

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cox-access-'))
  for (const version of versions) binaries.set(version, await ensureKubectl(version))
  cluster = await startCluster()
  await cluster.writeKubeconfig(join(folder, 'admin'))
  await writeUser('jane', ['dev'])
  await writeUser('system:node:node-1', ['system:nodes'])
})

after(async () => {
  await cluster?.stop()
  await rm(folder, { recursive: true })
})

async function writeUser(name: string, groups: string[]): Promise<void> {
  const { certificate, key } = await cluster.pki.issueClient(name, groups)
  const { ca } = cluster.certificates
  await writeKubeconfig(join(folder, name), buildKubeconfig({ name: 'x', server: cluster.url, ca, credentials: { certificate, key } }))
}

interface Result {
  code: number
  stdout: string
  stderr: string
}

function kubectl(version: KubectlVersion, user: string, args: string[], input = ''): Promise<Result> {
  return new Promise(resolve => {
    const all = ['--kubeconfig', join(folder, user), '--cache-dir', join(folder, `cache-${version}`), ...args]
    const child = execFile(binaries.get(version)!, all, { env: { HOME: folder } }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr })
    })
    child.stdin?.end(input)
  })
}

const manifest = (spec: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers: [{name: c, image: nginx${spec}}]\n`

for (const version of versions) {
  describe(`kubectl ${version}`, () => {
    const run = (args: string[], input?: string) => kubectl(version, 'admin', args, input)

    test('explain knows types and descriptions', async () => {
      const { stdout, stderr } = await run(['explain', 'pod.spec.containers'])
      assert.match(stdout, /KIND: +Pod\nVERSION: +v1\n/, stderr)
      assert.match(stdout, /Containers of the pod; at least one\./)
      assert.match(stdout, /imagePullPolicy\t<string>\n +When the image is pulled: Always, IfNotPresent or Never\./)
      const recursive = await run(['explain', 'clusterrole', '--recursive'])
      assert.match(recursive.stdout, /nonResourceURLs\t<\[\]string>/, recursive.stderr)
    })

    test('unknown fields are refused', async () => {
      const { code, stderr } = await run(['create', '-f', '-'], manifest(', imagee: x'))
      assert.equal(code, 1)
      const want =
        version === '1.20'
          ? /unknown field "imagee" in io\.k8s\.api\.core\.v1\.Container/
          : /strict decoding error: unknown field "spec\.containers\[0\]\.imagee"/
      assert.match(stderr, want)
    })

    test('a kind that is not served is named; a kind that is only asked for is answered', async () => {
      const { stderr } = await run(['apply', '-f', '-'], 'apiVersion: v1\nkind: Deployment\nmetadata: {name: x}\n')
      assert.match(stderr, /no matches for kind "Deployment" in version "v1"/)
      const spec = 'spec: {user: jane, resourceAttributes: {verb: get, resource: pods, namespace: default}}'
      const review = `apiVersion: authorization.k8s.io/v1\nkind: SubjectAccessReview\n${spec}\n`
      const answer = await run(['create', '-o', 'jsonpath={.status.allowed}', '-f', '-'], review)
      assert.equal(answer.stdout, 'false', answer.stderr)
    })

    test('dry run by the server, with the service account filled in', async () => {
      const { stdout, stderr } = await run(['apply', '--dry-run=server', '-o', 'yaml', '-f', '-'], manifest(''))
      assert.match(stdout, /serviceAccountName: default/, stderr)
      assert.match(stdout, /mountPath: \/var\/run\/secrets\/kubernetes\.io\/serviceaccount/)
      assert.match(stdout, /expirationSeconds: 3607/)
    })

    test('may I', async () => {
      assert.equal((await run(['auth', 'can-i', 'create', 'pods'])).stdout, 'yes\n')
      const { stdout, code } = await kubectl(version, 'jane', ['auth', 'can-i', 'create', 'pods'])
      assert.deepEqual([stdout, code], ['no\n', 1])
      assert.equal((await run(['auth', 'can-i', 'list', 'pods', '--as', 'bob'])).stdout, 'no\n')
    })
  })
}

describe('permissions', () => {
  const run = (user: string, args: string[], input?: string) => kubectl('1.36', user, args, input)
  const refused = async (user: string, args: string[], message: string | RegExp, input?: string) => {
    const { code, stderr } = await run(user, args, input)
    assert.equal(code, 1, args.join(' '))
    if (typeof message === 'string') assert.equal(stderr.trim(), message)
    else assert.match(stderr, message)
  }
  const done = async (user: string, args: string[], input?: string) => {
    const { code, stdout, stderr } = await run(user, args, input)
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`)
    return stdout
  }

  test('who am I', async () => {
    assert.match(await done('jane', ['auth', 'whoami']), /Username +jane\nGroups +\[dev system:authenticated\]/)
  })

  test('a role is bound: what it holds is allowed, no more can be given away', async () => {
    const forbidden =
      'Error from server (Forbidden): pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"'
    await refused('jane', ['get', 'pods'], forbidden)
    await done('admin', ['create', 'rolebinding', 'jane', '--clusterrole=admin', '--user=jane'])
    await done('jane', ['get', 'pods'])
    await done('jane', ['create', 'role', 'reader', '--verb=get', '--resource=secrets'])
    await refused(
      'jane',
      ['create', 'role', 'nodes', '--verb=get', '--resource=nodes'],
      /^Error from server \(Forbidden\): roles\.rbac\.authorization\.k8s\.io "nodes" is forbidden: user "jane" \(groups=\["dev" "system:authenticated"\]\) is attempting to grant RBAC permissions not currently held:\n\{APIGroups:\[""\], Resources:\["nodes"\], Verbs:\["get"\]\}/,
    )
  })

  test('an aggregated role takes up a new one', async () => {
    await done('admin', ['create', 'clusterrole', 'extra', '--verb=get', '--resource=nodes'])
    await done('admin', ['label', 'clusterrole', 'extra', 'rbac.authorization.k8s.io/aggregate-to-view=true'])
    const hasRule = async () => (await run('admin', ['get', 'clusterrole', 'admin', '-o', 'yaml'])).stdout.includes('- nodes\n')
    const deadline = performance.now() + 10_000
    while (!(await hasRule())) assert.ok(performance.now() < deadline, 'the rule arrives')
  })

  test('a token of a service account, and what it is good for', async () => {
    await done('admin', ['create', 'serviceaccount', 'robot'])
    const token = (await done('admin', ['create', 'token', 'robot'])).trim()
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { sub: string }
    assert.equal(claims.sub, 'system:serviceaccount:default:robot')
    const { ca } = cluster.certificates
    await writeKubeconfig(join(folder, 'robot'), buildKubeconfig({ name: 'x', server: cluster.url, ca, credentials: { token } }))
    await refused('robot', ['get', 'pods'], /User "system:serviceaccount:default:robot" cannot list resource "pods"/)
    await done('admin', ['create', 'rolebinding', 'robot', '--clusterrole=view', '--serviceaccount=default:robot'])
    await done('robot', ['get', 'pods'])
    await refused('admin', ['create', 'token', 'robot', '--duration', '1m'], /may not specify a duration less than 10 minutes/)
    await done('admin', ['delete', 'serviceaccount', 'robot'])
    await refused('robot', ['get', 'pods'], 'error: You must be logged in to the server (Unauthorized)')
  })

  test('a node sees only what is its own', async () => {
    await refused(
      'system:node:node-1',
      ['get', 'nodes'],
      `Error from server (Forbidden): nodes is forbidden: User "system:node:node-1" cannot list resource "nodes" in API group "" at the cluster scope: node 'node-1' cannot read all nodes, only its own Node object`,
    )
    await done('system:node:node-1', ['create', '-f', '-'], 'apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\n')
    await done('system:node:node-1', ['get', 'node', 'node-1'])
    await done('system:node:node-1', ['get', 'pods', '-A', '--field-selector', 'spec.nodeName=node-1'])
    await refused(
      'system:node:node-1',
      ['get', 'configmap', 'kube-root-ca.crt'],
      /no relationship found between node 'node-1' and this object/,
    )
    await refused(
      'system:node:node-1',
      ['label', 'node', 'node-1', 'node-role.kubernetes.io/x=1'],
      /is not allowed to modify labels: node-role\.kubernetes\.io\/x/,
    )
  })

  test('namespaces: missing, immortal, fresh', async () => {
    await refused('admin', ['create', 'configmap', 'x', '-n', 'nope'], /namespaces "nope" not found/)
    await refused(
      'admin',
      ['delete', 'namespace', 'default'],
      'Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted',
    )
    const both = `apiVersion: v1\nkind: Namespace\nmetadata: {name: fresh}\n---\n${manifest('').replace('name: web', 'name: web, namespace: fresh')}`
    await done('admin', ['create', '-f', '-'], both)
  })

  test('the Service kubernetes and the namespaces of the system come back', async () => {
    const comesBack = async (args: string[], want: string) => {
      const deadline = performance.now() + 10_000
      while ((await run('admin', ['get', ...args])).stdout !== want) assert.ok(performance.now() < deadline, args.join(' '))
    }
    await done('admin', ['delete', 'service', 'kubernetes'])
    await comesBack(['service', 'kubernetes', '-o', 'jsonpath={.spec.clusterIP}'], '10.96.0.1')
    await done('admin', ['delete', 'namespace', 'kube-node-lease'])
    await comesBack(['namespace', 'kube-node-lease', '-o', 'jsonpath={.status.phase}'], 'Active')
  })

  test('nobody: health and version only; a wrong token is no one', async () => {
    const headers = (token?: string): Record<string, string> => (token === undefined ? {} : { authorization: `Bearer ${token}` })
    const { request } = await import('node:https')
    const statusOf = (path: string, token?: string) =>
      new Promise<{ status: number; body: string }>((resolve, reject) => {
        const outgoing = request(cluster.url + path, { ca: cluster.certificates.ca, headers: headers(token), agent: false }, response => {
          let body = ''
          response.setEncoding('utf8').on('data', chunk => {
            body += String(chunk)
          })
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
        })
        outgoing.once('error', reject).end()
      })
    for (const path of ['/healthz', '/livez', '/readyz', '/version']) assert.equal((await statusOf(path)).status, 200, path)
    assert.match((await statusOf('/api')).body, /"message":"forbidden: User \\"system:anonymous\\" cannot get path \\"\/api\\""/)
    assert.deepEqual(JSON.parse((await statusOf('/version', 'wrong')).body), {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Unauthorized',
      reason: 'Unauthorized',
      code: 401,
    })
  })
})
