import { coxswainVersion, kubernetesVersion } from '#base/version.ts'
import { parseOnlyFlags } from './flags.ts'

export function usage(): string {
  return 'Usage: cox version\n\nPrints the version of cox, of the Kubernetes API it speaks, and of Node.js.'
}

export async function run(args: readonly string[]): Promise<number> {
  parseOnlyFlags(args, {})
  process.stdout.write(`cox ${coxswainVersion}, Kubernetes ${kubernetesVersion.gitVersion}, Node.js ${process.version}\n`)
  return 0
}
