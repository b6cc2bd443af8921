import { installPackages, missingPackages, neededPackages } from '#cluster/packages.ts'
import { ensureKubectl } from './kubectl.ts'

/** What only tests use: to look at processes, to give kubectl a terminal, to ask without a client. */
const testPackages = [
  { name: 'procps', brings: ['ps'] },
  { name: 'bsdutils', brings: ['script'] },
  { name: 'curl', brings: ['curl'] },
]

/**
 * Installs what the real tests need and this machine lacks: Debian packages by apt, the three stock kubectls into the cache folder. Loud
 * when something cannot be had: tests never pass by being left out.
 */
export async function ensureTestPrerequisites(): Promise<void> {
  const { signal } = new AbortController()
  const missing = missingPackages(undefined, [...neededPackages, ...testPackages])
  if (missing.length > 0) {
    console.log(`installing Debian packages: ${missing.join(' ')}`)
    await installPackages(missing, signal)
  }
  for (const version of ['1.20', '1.32', '1.36'] as const) await ensureKubectl(version)
}
