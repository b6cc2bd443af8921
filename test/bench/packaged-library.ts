import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bundle, root } from '../../hack/esbuild.ts'

/** What benchmarks build; inside the package, so that its modules are found. */
export const benchFolder = join(root, '.cache/bench')

/** The library as npm installs it, plain JavaScript, made of the sources as they are now. @returns the path of its module */
export async function packagedLibrary(): Promise<string> {
  mkdirSync(benchFolder, { recursive: true })
  const files = await bundle({ coxswain: 'src/cluster/index.ts' }, benchFolder, { packages: 'external' })
  for (const { path, contents } of files) writeFileSync(path, contents)
  return join(benchFolder, 'coxswain.js')
}
