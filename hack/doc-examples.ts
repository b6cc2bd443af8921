import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './esbuild.ts'

/** A block of TypeScript in a document. */
export interface DocExample {
  /** `docs/testing.md:15` */
  place: string
  code: string
  /** Some need what not every machine has: a fence of `ts no-run` is only compiled. */
  isRun: boolean
}

/** The TypeScript of a document, block by block. */
export function docExamples(document: string): DocExample[] {
  const text = readFileSync(join(root, document), 'utf8')
  return [...text.matchAll(/^```ts( no-run)?\n(.*?)^```$/gms)].map(({ index, 1: noRun, 2: code }) => ({
    place: `${document}:${text.slice(0, index).split('\n').length + 1}`,
    code: code!,
    isRun: noRun === undefined,
  }))
}
