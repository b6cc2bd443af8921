/** A shell with curl and kubectl against `cox test-server`. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { expectSuccess, root, runProgram } from '../e2e/cluster.ts'
import { ProgramsFolder } from './programs-folder.ts'

let programs: ProgramsFolder
before(async () => {
  programs = await ProgramsFolder.make()
})
after(() => programs[Symbol.asyncDispose]())

function runScript(script: string, ...flags: string[]) {
  return runProgram('cox', ['test-server', ...flags, '--', 'sh', '-euc', script], programs)
}

test('the example in docs/testing.md', async () => {
  const [, script] = /^```sh\n(# test\.sh\n.*?)^```$/ms.exec(await readFile(join(root, 'docs/testing.md'), 'utf8')) ?? []
  const { stdout } = expectSuccess(await runScript(script!, '--clock', 'virtual'), 'test.sh')
  assert.match(stdout, /^pod\/web created\npod "web" deleted/)
})

test('curl: a bearer token at the API server, a refusal of the control API', async () => {
  const script = `
    kubectl create clusterrolebinding viewer --clusterrole=view --serviceaccount=default:default >/dev/null
    token=$(kubectl create token default)
    kubectl get configmap kube-root-ca.crt -o 'jsonpath={.data.ca\\.crt}' > ca.crt
    api() { curl -sS --cacert ca.crt -H "Authorization: Bearer $token" -w '%{http_code}\\n' "$@"; }
    api -o /dev/null "$COX_URL/api/v1/namespaces/default/pods"
    api -o /dev/null "$COX_URL/api/v1/nodes" -X POST -H 'Content-Type: application/json' -d '{"metadata": {"name": "mine"}}'
    token=wrong
    api -o /dev/null "$COX_URL/api/v1/pods"
    curl -sS -o answer.json -w '%{http_code}\\n' "$COX_CONTROL/clock/advance" -d '{"duration": "soon"}'
    curl -sS -o /dev/null -w '%{http_code}\\n' -X DELETE "$COX_CONTROL/clock"`
  const { stdout } = expectSuccess(await runScript(script, '--nodes', '0'), 'the script')
  assert.deepEqual(stdout.trim().split('\n'), ['200', '403', '401', '400', '405'])
  const { reason, details } = JSON.parse(await readFile(join(programs.folder, 'answer.json'), 'utf8'))
  assert.deepEqual([reason, details.causes[0].field], ['BadRequest', 'duration'])
})

test('why: of what comes through HTTPS the user, the program and the field manager are told', async () => {
  const script = `
    kubectl create configmap light --from-literal=color=red >/dev/null
    kubectl label configmap light a=b >/dev/null
    kubectl create configmap light --from-literal=color=green --dry-run=client -o yaml |
      kubectl apply --server-side --force-conflicts --field-manager=ops --as=robot --as-group=system:masters -f - >/dev/null
    api="$COX_URL/api/v1/namespaces/default/configmaps/light"
    kubectl create clusterrolebinding editor --clusterrole=edit --serviceaccount=default:default >/dev/null
    token=$(kubectl create token default)
    curl -ksS -X PATCH -A OpenAPI-Generator/22.6.0/python -H "Authorization: Bearer $token" -H 'Content-Type: application/merge-patch+json' \\
      -d '{"data": {"color": "blue"}}' "$api" >/dev/null
    cox why configmap/light --kubeconfig "$KUBECONFIG"`
  const { stdout } = expectSuccess(await runScript(script, '--nodes', '0'), 'the script')
  const lines = stdout.split('\n').map(line => line.replace(/^\d\S+ \S+ +/, '').trim())
  assert.deepEqual(lines.slice(0, 5), [
    'created by kubernetes-admin (kubectl)',
    'as field manager kubectl-create',
    'changed by kubernetes-admin (kubectl)',
    'metadata.labels.a: b',
    'as field manager kubectl-label',
  ])
  assert.match(stdout, /changed by robot \(kubectl\)\n +data\.color: red → green\n +as field manager ops\n/)
  assert.match(
    stdout,
    /changed by system:serviceaccount:default:default \(OpenAPI-Generator\/22\.6\.0\/python\)\n +data\.color: green → blue\n$/,
  )
})
