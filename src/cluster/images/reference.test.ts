import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseReference } from './reference.ts'

const digest = `sha256:${'a'.repeat(64)}`
const cases = [
  { name: 'nginx', want: { host: 'docker.io', repository: 'library/nginx', tag: 'latest' } },
  { name: 'nginx:1.16', want: { host: 'docker.io', repository: 'library/nginx', tag: '1.16' } },
  { name: 'docker.io/library/nginx:1.16', want: { host: 'docker.io', repository: 'library/nginx', tag: '1.16' } },
  { name: 'someone/app', want: { host: 'docker.io', repository: 'someone/app', tag: 'latest' } },
  { name: 'localhost/app', want: { host: 'localhost', repository: 'app', tag: 'latest' } },
  { name: 'registry.example:5000/a/b:v1', want: { host: 'registry.example:5000', repository: 'a/b', tag: 'v1' } },
  { name: `quay.io/a/b@${digest}`, want: { host: 'quay.io', repository: 'a/b', digest } },
  { name: `quay.io/a/b:v1@${digest}`, want: { host: 'quay.io', repository: 'a/b', tag: 'v1', digest } },
  { name: 'Nginx', want: undefined },
  { name: 'nginx:', want: undefined },
  { name: '', want: undefined },
  { name: 'a b', want: undefined },
  { name: 'nginx@sha256:12', want: undefined },
]
for (const { name, want } of cases) test(`parseReference: "${name}"`, () => assert.deepEqual(parseReference(name), want))
