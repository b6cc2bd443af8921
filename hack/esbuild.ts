/** How plain JavaScript is made of the sources: for the launcher (bundle.ts) and for the npm package (package.ts). */
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import type { BuildOptions, Plugin } from 'esbuild'

export const root = join(import.meta.dirname, '..')

/** A file to write into the folder that was named. */
export interface BuiltFile {
  path: string
  contents: Uint8Array
  hash: string
}

/** Bundles programs that share what they have in common. The storage worker lies beside the file that starts it, as in the sources. */
export async function bundle(entryPoints: Record<string, string>, outdir: string, options: BuildOptions = {}): Promise<BuiltFile[]> {
  // An optional package: there is none for every platform.
  const { build } = await import('esbuild')
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: { ...entryPoints, worker: 'src/storage/sqlite/worker.ts' },
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    plugins: [lazyBuiltins],
    legalComments: 'none',
    logLevel: 'warning',
    ...options,
    write: false,
  })
  return outputFiles
}

/**
 * Takes Node's own modules without `import`, which reads everything a module has to offer: of `node:http` that is the whole of `fetch`
 * and WebSocket, 40 ms and 10 MB of which nothing is used.
 */
const lazyBuiltins: Plugin = {
  name: 'lazy builtins',
  setup({ onResolve, onLoad }) {
    const namespace = 'builtin'
    onResolve({ filter: /^[a-z0-9_:/]+$/ }, ({ path }) => {
      const isBuiltin = path.startsWith('node:') || builtinModules.includes(path)
      return isBuiltin ? { path: path.replace(/^node:/, ''), namespace } : undefined
    })
    onLoad({ filter: /./, namespace }, ({ path }) => ({ contents: `module.exports = process.getBuiltinModule('node:${path}')` }))
  },
}
