import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseArchives } from './debian-packages.ts'
import { imagePath, topFolders } from './root-filesystem.ts'
import { excludedPackages } from './stand-ins.ts'

const paths = [
  { have: './', want: undefined },
  { have: './bin/', want: undefined },
  { have: './bin/ls', want: 'usr/bin/ls' },
  { have: './usr/bin/ls', want: 'usr/bin/ls' },
  { have: './lib64/ld-linux-x86-64.so.2', want: 'usr/lib64/ld-linux-x86-64.so.2' },
  { have: './etc/nginx/', want: 'etc/nginx' },
  { have: './usr/share/doc/', want: undefined },
  { have: './usr/share/doc/bash/copyright', want: undefined },
  { have: './usr/share/docs', want: 'usr/share/docs' },
  { have: './lib/systemd/system/nginx.service', want: undefined },
  { have: './libexec/x', want: 'libexec/x' },
]
for (const { have, want } of paths) test(`imagePath: ${have} → ${want}`, () => assert.equal(imagePath(have), want))

test('topFolders: a link for each thing directly below their namesakes', () => {
  const links = topFolders([{ path: 'usr/bin/ls' }, { path: 'usr/lib/x/y' }, { path: 'usr/share/a' }]).filter(
    ({ link }) => link !== undefined,
  )
  assert.deepEqual(links, [{ path: 'bin/ls', link: '../usr/bin/ls' }])
})

test('parseArchives: names, versions with epochs, and other lines', () => {
  const output = "Reading package lists...\n'http://mirror/pool/r/redis_7_amd64.deb' redis-server_5%3a7.0.15-1_amd64.deb 73908 MD5Sum:12\n"
  assert.deepEqual(parseArchives(output), [{ name: 'redis-server', version: '5:7.0.15-1', file: 'redis-server_5%3a7.0.15-1_amd64.deb' }])
})

for (const { name, want } of [
  { name: 'perl-base', want: true },
  { name: 'libtext-glob-perl', want: true },
  { name: 'libc6', want: false },
  { name: 'libpcre2-8-0', want: false },
  { name: 'libtinfo6', want: false },
])
  test(`excludedPackages: ${name} → ${want}`, () => assert.equal(excludedPackages.test(name), want))
