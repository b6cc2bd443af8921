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
