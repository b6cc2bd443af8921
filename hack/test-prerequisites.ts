import { installPackages, missingPackages, neededPackages } from '#cluster/packages.ts'
import { ensureKubectl } from './kubectl.ts'

/** What only tests use: to look at processes, to give kubectl a terminal, to ask without a client and with that of Python. */
const testPackages = [
  { name: 'procps', brings: ['ps'] },
  { name: 'bsdutils', brings: ['script'] },
  { name: 'curl', brings: ['curl'] },
  { name: 'python3-kubernetes', brings: ['/usr/lib/python3/dist-packages/kubernetes/__init__.py'] },
  { name: 'python3-pytest', brings: ['/usr/lib/python3/dist-packages/pytest/__init__.py'] },
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
