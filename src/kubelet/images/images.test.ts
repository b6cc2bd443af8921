import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Secret } from '#api/core/v1/types.gen.ts'
import { credentialsFor } from './credentials.ts'
import { applyDefaultImageTag, parseImageReference } from './image-reference.ts'

describe('image names', () => {
  const digest = `sha256:${'0'.repeat(64)}`
  for (const [text, want] of [
    ['nginx', 'docker.io library/nginx latest '],
    ['nginx:1.14', 'docker.io library/nginx 1.14 '],
    ['me/app', 'docker.io me/app latest '],
    ['localhost/app', 'localhost app latest '],
    ['registry.example:5000/a/b:t', 'registry.example:5000 a/b t '],
    [`nginx@${digest}`, `docker.io library/nginx  ${digest}`],
    ['UPPER', undefined],
    ['a//b', undefined],
    ['', undefined],
    ['nginx:', undefined],
  ] as const) {
    test(`${text} → ${want}`, () => {
      const parsed = parseImageReference(text)
      assert.equal(parsed && `${parsed.registry} ${parsed.repository} ${parsed.tag} ${parsed.digest}`, want)
    })
  }

  test('the default tag', () => {
    assert.equal(applyDefaultImageTag('nginx'), 'nginx:latest')
    assert.equal(applyDefaultImageTag('r:5000/nginx'), 'r:5000/nginx:latest')
    assert.equal(applyDefaultImageTag(`nginx@${digest}`), `nginx@${digest}`)
    assert.throws(() => applyDefaultImageTag('a b'), { message: 'couldn\'t parse image name "a b": invalid reference format' })
  })
})

describe('pull secrets', () => {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')
  const secret = (auths: Record<string, unknown>): Secret => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    data: { '.dockerconfigjson': encode({ auths }) },
  })
  const auth = (user: string) => ({ auth: Buffer.from(`${user}:pass`).toString('base64') })
  const cases: { name: string; image: string; auths: Record<string, unknown>; want: string[] }[] = [
    { name: 'the Hub by its old key', image: 'nginx', auths: { 'https://index.docker.io/v1/': auth('a') }, want: ['a'] },
    { name: 'a registry', image: 'r.example/x/y', auths: { 'r.example': auth('a'), 'o.example': auth('b') }, want: ['a'] },
    {
      name: 'the longer path first',
      image: 'r.example/x/y',
      auths: { 'r.example': auth('a'), 'r.example/x': auth('b') },
      want: ['b', 'a'],
    },
    { name: 'a path that does not fit', image: 'r.example/x/y', auths: { 'r.example/z': auth('a') }, want: [] },
    { name: 'a wildcard', image: 'eu.r.example/x', auths: { '*.r.example': auth('a') }, want: ['a'] },
    { name: 'a wildcard is one part only', image: 'a.eu.r.example/x', auths: { '*.r.example': auth('a') }, want: [] },
    { name: 'user and password', image: 'r.example/x', auths: { 'r.example': { username: 'u', password: 'p' } }, want: ['u'] },
  ]
  for (const { name, image, auths, want } of cases)
    test(name, () =>
      assert.deepEqual(
        credentialsFor(image, [secret(auths)]).map(({ username }) => username),
        want,
      ),
    )

  test('what cannot be read is skipped', () => {
    const broken: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { '.dockerconfigjson': 'bm8=' } }
    assert.deepEqual(credentialsFor('nginx', [broken]), [])
  })
})
