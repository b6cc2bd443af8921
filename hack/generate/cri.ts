/**
 * Generates src/cri/gen: the wire types of the Container Runtime Interface from the protobuf file of Debian's golang-k8s-cri-api-dev, and
 * those of containerd's own services from containerd.proto beside this file. Only facts are taken; upstream's comments stay out.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unpackDebianPackage } from './debian-package.ts'

const root = join(import.meta.dirname, '../..')
const target = join(root, 'src/cri/gen')
const criProto = 'usr/share/gocode/src/k8s.io/cri-api/pkg/apis/runtime/v1/api.proto'

const sources = [
  {
    file: 'runtime.gen.ts',
    proto: join(unpackDebianPackage('golang-k8s-cri-api-dev'), criProto),
    from: "api.proto of Debian's golang-k8s-cri-api-dev",
  },
  { file: 'containerd.gen.ts', proto: join(import.meta.dirname, 'containerd.proto'), from: 'hack/generate/containerd.proto' },
]

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '')
}

function withoutDocBlocks(text: string): string {
  return text
    .replace(/^[ \t]*\/\*\*[\s\S]*?\*\/\n/gm, '')
    .replace(/^\/\/ @generated.*\n|^\/\* eslint-disable \*\/\n/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trimStart()
}

mkdirSync(target, { recursive: true })
for (const { file, proto, from } of sources) {
  const folder = mkdtempSync(join(tmpdir(), 'coxswain-generate-'))
  try {
    mkdirSync(join(folder, 'proto'))
    writeFileSync(join(folder, 'proto/source.proto'), withoutComments(readFileSync(proto, 'utf8')))
    const plugin = {
      local: join(root, 'node_modules/.bin/protoc-gen-es'),
      out: 'out',
      opt: ['target=ts', 'import_extension=ts', 'erasable_syntax=true'],
    }
    writeFileSync(join(folder, 'buf.gen.yaml'), JSON.stringify({ version: 'v2', plugins: [plugin] }))
    execFileSync(join(root, 'node_modules/.bin/buf'), ['generate', 'proto'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
    const generated = withoutDocBlocks(readFileSync(join(folder, 'out/source_pb.ts'), 'utf8'))
    writeFileSync(
      join(target, file),
      `// Generated from ${from} by "npm run generate" (hack/generate/cri.ts). Do not edit.\n\n${generated}`,
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}
