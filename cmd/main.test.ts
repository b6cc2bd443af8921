import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { main } from './main.ts'

/** None of these gets as far as to touch the machine. */
const wrong: { args: string[]; code: number; stderr: RegExp }[] = [
  { args: ['frobnicate'], code: 2, stderr: /^cox: unknown command "frobnicate"; see "cox help"\n$/ },
  { args: ['constructor'], code: 2, stderr: /^cox: unknown command "constructor"/ },
  { args: ['up', '--frobnicate'], code: 2, stderr: /^cox up: unknown flag: --frobnicate; see "cox up --help"\n$/ },
  { args: ['up', 'a.yaml'], code: 2, stderr: /^cox up: unexpected argument "a.yaml"/ },
  { args: ['down', 'delete'], code: 2, stderr: /^cox down: unexpected argument "delete"; see "cox down --help"\n$/ },
  { args: ['version', '1'], code: 2, stderr: /^cox version: unexpected argument "1"/ },
  { args: ['help', 'frobnicate'], code: 2, stderr: /^cox: unknown command "frobnicate"/ },
  { args: ['test-server', '--clock=slow', '--', 'x', '--help'], code: 2, stderr: /invalid argument "slow"/ },
  { args: ['up', '--timeout=0'], code: 2, stderr: /invalid argument "0" for "--timeout": must be 1 or more/ },
  { args: ['up', '--api-port=70000'], code: 2, stderr: /invalid argument "70000" for "--api-port": must be 1 to 65535/ },
  { args: ['up', '--pod-cidr=10.0.0.0', '-f', '/nowhere/x.yaml'], code: 2, stderr: /"--pod-cidr": must be an IPv4 range/ },
  { args: ['up', '--service-cidr=fd00::/64', '-f', '/nowhere/x.yaml'], code: 2, stderr: /"--service-cidr": must be an IPv4 range/ },
  { args: ['up', '--node-name=A_B', '-f', '/nowhere/x.yaml'], code: 2, stderr: /"--node-name": must be a lower-case DNS name/ },
  { args: ['up', '-f', '/nowhere/x.yaml'], code: 1, stderr: /^cox up: the path "\/nowhere\/x.yaml" does not exist\n$/ },
  { args: ['status', '--data-dir', '/nowhere'], code: 1, stderr: /^cox status: no cluster in "\/nowhere"/ },
  { args: ['down', '--data-dir', '/nowhere'], code: 1, stderr: /^cox down: no cluster in "\/nowhere"/ },
  { args: ['why'], code: 2, stderr: /^cox why: name a resource, such as pods; see "cox why --help"\n$/ },
  { args: ['why', 'pods'], code: 2, stderr: /^cox why: name an object, such as pod\/web/ },
  { args: ['why', 'pod', 'a', 'b'], code: 2, stderr: /^cox why: unexpected argument "pod a b"; want RESOURCE\/NAME or RESOURCE NAME/ },
  { args: ['why', 'pod/a', '--data-dir', '/nowhere'], code: 1, stderr: /^cox why: no cluster in "\/nowhere"/ },
  { args: ['get', 'pods', '-o', 'xml'], code: 2, stderr: /^cox get: invalid argument "xml" for "--output": must be wide, yaml or json/ },
  {
    args: ['get', 'pods', '--at', 'then'],
    code: 2,
    stderr: /^cox get: invalid argument "then" for "--at": must be a resourceVersion, a time/,
  },
  { args: ['get', 'pod/a', '-A'], code: 2, stderr: /^cox get: a resource cannot be retrieved by name across all namespaces/ },
  { args: ['get', 'pods', '--data-dir', '/nowhere'], code: 1, stderr: /^cox get: no cluster in "\/nowhere"/ },
  { args: ['kubeconfig', '--data-dir', '/nowhere'], code: 1, stderr: /^cox kubeconfig: no cluster in "\/nowhere"/ },
  { args: ['test-server', 'extra'], code: 2, stderr: /unexpected argument "extra"; a command comes after "--"/ },
  { args: ['test-server', '--'], code: 2, stderr: /there is no command after "--"/ },
  { args: ['test-server', '--clock=slow'], code: 2, stderr: /invalid argument "slow" for "--clock": must be real or virtual/ },
  {
    args: ['test-server', '--nodes=many'],
    code: 2,
    stderr: /invalid argument "many" for "--nodes": Invalid value: "many": must be an object/,
  },
  { args: ['test-server', '--nodes={count: 1, label: {}}'], code: 2, stderr: /for "--nodes": label: Forbidden: unknown field/ },
  { args: ['test-server', '--nodes={count'], code: 2, stderr: /for "--nodes": .*yaml: line 1/ },
  { args: ['test-server', '--image=web'], code: 2, stderr: /invalid argument "web" for "--image": must be NAME=YAML/ },
  {
    args: ['test-server', '--image=web={crash: often}'],
    code: 2,
    stderr: /for "--image": crash: Invalid value: "often": must be a whole number/,
  },
  { args: ['test-server', '--images=/nowhere/x.yaml'], code: 1, stderr: /^cox test-server: cannot read "\/nowhere\/x.yaml": ENOENT/ },
  { args: ['test-server', '--port=0'], code: 2, stderr: /invalid argument "0" for "--port": must be 1 to 65535/ },
  { args: ['test-server', '--lifeline=99'], code: 2, stderr: /invalid argument "99" for "--lifeline": must be a pipe or socket/ },
]
for (const { args, code, stderr } of wrong) {
  test(`cox ${args.join(' ')} → exit code ${code}`, async t => {
    let written = ''
    t.mock.method(process.stderr, 'write', (chunk: string) => {
      written += chunk
      return true
    })
    assert.equal(await main(args), code)
    assert.match(written, stderr)
  })
}

const program = [...process.execArgv.filter(arg => !arg.startsWith('--test')), join(import.meta.dirname, 'cox.ts')]

test('cox as a program: what it prints and how it ends', async () => {
  const cases: { args: string[]; code: number; stdout: RegExp }[] = [
    { args: [], code: 2, stdout: /Usage: cox COMMAND/ },
    { args: ['help', 'down'], code: 0, stdout: /^Usage: cox down/ },
    { args: ['--version'], code: 0, stdout: /^cox \d+\.\d+\.\d+, Kubernetes v1\.36/ },
    { args: ['up', '--help'], code: 0, stdout: /^Usage: cox up/ },
  ]
  await Promise.all(
    cases.map(async ({ args, code, stdout }) => {
      const child = spawn(process.execPath, [...program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
      const ended = new Promise<number | null>(resolve => child.on('close', resolve))
      assert.match(await text(child.stdout), stdout)
      assert.equal(await ended, code)
    }),
  )
})

test('cox as a program: a reader that has seen enough is no failure', async () => {
  const child = spawn('/bin/sh', ['-c', '"$@" | true', 'sh', process.execPath, ...program, 'help'], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise<number | null>(resolve => child.on('close', resolve))
  assert.equal(await text(child.stderr), '')
  assert.equal(await ended, 0)
})
