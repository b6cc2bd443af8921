/** House rules that no linter knows: layers, banned calls, sizes, broken links in documents. Returns one line per offence. */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { bannedCalls, layers } from './layers.ts'

const fileLinesMax = 700
/** What only users of the package import. */
const faces = ['src/cluster/index.ts', 'src/testing/index.ts']

export function tidy(root: string): string[] {
  const offences: string[] = []
  const sources = globSync('src/**/*.ts', { cwd: root }).filter(file => !file.endsWith('.gen.ts') && !file.includes('/gen/'))
  const imported = new Set<string>()
  for (const file of sources) {
    const text = readFileSync(join(root, file), 'utf8')
    const isTest = file.endsWith('.test.ts')
    if (!isTest) offences.push(...layerOffences(file, text), ...callOffences(file, text), ...sizeOffences(file, text))
    for (const target of importsOf(file, text)) imported.add(target.path)
  }
  for (const file of globSync('{cmd,test,hack,examples}/**/*.ts', { cwd: root })) {
    for (const target of importsOf(file, readFileSync(join(root, file), 'utf8'))) imported.add(target.path)
  }
  for (const file of sources) {
    if (!imported.has(file) && !file.endsWith('.test.ts') && !file.includes('worker') && !faces.includes(file)) {
      offences.push(`${file}: file is never imported; remove it or use it`)
    }
  }
  for (const file of globSync('{README.md,CHANGELOG.md,docs/**/*.md}', { cwd: root })) offences.push(...linkOffences(root, file))
  return offences
}

interface Import {
  /** Path from the root. */
  path: string
  line: number
}

export function importsOf(file: string, text: string): Import[] {
  const imports: Import[] = []
  for (const match of text.matchAll(/(?:from|import|import\(|new URL\()\s*'(#?[^'\n]+)'/g)) {
    const specifier = match[1]!
    const line = text.slice(0, match.index).split('\n').length
    if (specifier.startsWith('#')) imports.push({ path: `src/${specifier.slice(1)}`, line })
    else if (specifier.startsWith('.')) imports.push({ path: join(dirname(file), specifier), line })
  }
  return imports
}

export function layerOffences(file: string, text: string): string[] {
  const folder = file.split('/')[1]!
  const allowed = layers[folder]
  if (allowed === undefined) return [`${file}: folder "${folder}" is in no layer; add it to hack/layers.ts`]
  return importsOf(file, text).flatMap(({ path, line }) => {
    const target = path.split('/')[1]!
    if (!path.startsWith('src/') || target === folder || allowed.includes(target)) return []
    return [`${file}:${line}: ${folder} may not import ${target}; move what both need down`]
  })
}

export function callOffences(file: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) => {
    if (/^\s*(\/\/|\*|\/\*)/.test(line)) return []
    return bannedCalls
      .filter(({ pattern, allowed }) => pattern.test(line) && !allowed.includes(file))
      .map(({ name, cure }) => `${file}:${index + 1}: ${name} is out of bounds here; ${cure}`)
  })
}

export function sizeOffences(file: string, text: string): string[] {
  const lines = text.split('\n').length
  return lines <= fileLinesMax ? [] : [`${file}: ${lines} lines (limit ${fileLinesMax}); split it by concept`]
}

function linkOffences(root: string, file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].flatMap(([, target]) => {
    const path = join(root, dirname(file), target!)
    return existsSync(path) ? [] : [`${file}: link to "${relative(root, path)}", which does not exist`]
  })
}
