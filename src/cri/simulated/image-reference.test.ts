import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatImageReference, parseImageReference } from './image-reference.ts'

const digest = `sha256:${'a'.repeat(64)}`

const names: [name: string, complete: string | undefined][] = [
  ['nginx', 'docker.io/library/nginx:latest'],
  ['nginx:1.27', 'docker.io/library/nginx:1.27'],
  ['docker.io/nginx', 'docker.io/library/nginx:latest'],
  ['team/app', 'docker.io/team/app:latest'],
  ['registry.k8s.io/pause:3.10', 'registry.k8s.io/pause:3.10'],
  ['localhost:5000/app', 'localhost:5000/app:latest'],
  ['localhost/app', 'localhost/app:latest'],
  [`nginx@${digest}`, `docker.io/library/nginx@${digest}`],
  [`nginx:1@${digest}`, `docker.io/library/nginx:1@${digest}`],
  ['', undefined],
  ['Nginx', undefined],
  ['a b', undefined],
  ['nginx:', undefined],
  ['nginx@sha256:12', undefined],
  ['/nginx', undefined],
]

for (const [name, complete] of names) {
  test(`image name "${name}"`, () => {
    const reference = parseImageReference(name)
    assert.equal(reference && formatImageReference(reference), complete)
  })
}
