/** A shell with curl and kubectl against `cox test-server`. */
import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ensureKubectl } from '../../hack/kubectl.ts'
import { expectSuccess, root, runProgram } from '../e2e/cluster.ts'

/** With `cox` and `kubectl` in it. */
let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cox-shell-'))
  const node = [process.execPath, ...process.execArgv.filter(arg => !arg.startsWith('--test')), join(root, 'cmd/cox.ts')]
  await writeFile(join(folder, 'cox'), `#!/bin/sh\nexec ${node.map(word => `'${word}'`).join(' ')} "$@"\n`)
  await chmod(join(folder, 'cox'), 0o755)
  await symlink(await ensureKubectl('1.36'), join(folder, 'kubectl'))
})
after(() => rm(folder, { recursive: true }))

function runScript(script: string, ...flags: string[]) {
  const env = { PATH: `${folder}:${process.env['PATH']}`, HOME: folder }
  return runProgram('cox', ['test-server', ...flags, '--', 'sh', '-euc', script], { env, folder })
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
  const { reason, details } = JSON.parse(await readFile(join(folder, 'answer.json'), 'utf8'))
  assert.deepEqual([reason, details.causes[0].field], ['BadRequest', 'duration'])
})
