/**
 * Makes `dist/`, which is what the npm package runs: Node.js strips no types in `node_modules`. One bundle of JavaScript for the program
 * and the library, and the declarations of what the library shows. `npm pack` calls it.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { bundle, root } from './esbuild.ts'

const dist = join(root, 'dist')
const sourceFolder = join(root, 'src')

/** `'#base/clock.ts'` or `'./time.ts'`, where a declaration imports it. */
const ownImport = /(?<=\b(?:from|import|import\()\s*)(['"])([#.][^'"]+)\.ts\1/g

interface PackageFile {
  exports: Record<string, { 'coxswain-source': string; types: string; default: string }>
}

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as PackageFile
const faces = Object.values(exports)

async function writeJavaScript(): Promise<void> {
  const libraries = faces.map(face => [basename(face.default, '.js'), face['coxswain-source']])
  // Dependencies come with the package.
  const files = await bundle({ cox: 'cmd/cox.ts', ...Object.fromEntries(libraries) }, dist, { packages: 'external' })
  for (const { path, contents } of files) writeFileSync(path, contents)
}

/** The declarations of the faces and of all that they name, importing each other in the way that every TypeScript understands. */
function writeDeclarations(): void {
  const emitted = mkdtempSync(join(tmpdir(), 'coxswain-types-'))
  try {
    const sources = faces.map(face => join(root, face['coxswain-source']))
    emitDeclarations(sources, emitted)
    const seen = new Set(sources.map(path => relative(sourceFolder, path)))
    for (const source of seen) {
      const declaration = source.replace(/\.ts$/, '.d.ts')
      const target = join(dist, 'types', declaration)
      const text = readFileSync(join(emitted, declaration), 'utf8').replaceAll(ownImport, (_, quote: string, specifier: string) => {
        const path = specifier.startsWith('#') ? specifier.slice(1) : join(dirname(source), specifier)
        seen.add(`${path}.ts`)
        const relativePath = relative(dirname(source), path)
        return `${quote}${relativePath.startsWith('.') ? '' : './'}${relativePath}.js${quote}`
      })
      mkdirSync(dirname(target), { recursive: true })
      writeFileSync(target, text)
    }
  } finally {
    rmSync(emitted, { recursive: true })
  }
}

/** `npm run check` has looked at the types. */
function emitDeclarations(sources: readonly string[], outDir: string): void {
  const options = [
    '--noEmit',
    'false',
    '--emitDeclarationOnly',
    '--declaration',
    '--noCheck',
    '--rootDir',
    sourceFolder,
    '--outDir',
    outDir,
  ]
  const project = join(outDir, 'tsconfig.json')
  writeFileSync(project, JSON.stringify({ extends: join(root, 'tsconfig.json'), files: sources, include: [] }))
  const types = ['--typeRoots', join(root, 'node_modules/@types')]
  execFileSync(process.execPath, [join(root, 'node_modules/.bin/tsc'), '-p', project, ...options, ...types], { stdio: 'inherit' })
}

rmSync(dist, { recursive: true, force: true })
mkdirSync(dist)
await writeJavaScript()
writeDeclarations()
