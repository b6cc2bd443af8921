import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '#base/process.ts'
import { DebianArchive } from './debian-packages.ts'
import { buildImage, buildLayer, type Layer, type LayerEntry } from './oci-image.ts'
import { type LayoutEntry, type NamedImage, readLayout, writeLayout } from './oci-layout.ts'
import { packageEntries, topFolders } from './root-filesystem.ts'
import { excludedPackages, type LayerRecipe, layerRecipes, standInRecipes } from './stand-ins.ts'

export interface StandInOptions {
  /** Where the images are kept, for every cluster of the machine. */
  folder: string
  /** Node's `process.arch`. */
  architecture: string
}

export interface StandIns {
  /** The OCI layout. */
  folder: string
  images: LayoutEntry[]
}

/** Changes whenever this code makes other images out of the same recipes. */
const builderVersion = 2
const labelPrefix = 'coxswain.stand-in'

/**
 * Builds the images that stand in for well-known names, out of Debian packages; takes some seconds and needs a Debian mirror. What
 * was built before is used again, without any download.
 */
export async function ensureStandIns(options: StandInOptions, signal: AbortSignal): Promise<StandIns> {
  const architecture = imageArchitecture(options.architecture)
  const key = createHash('sha256').update(JSON.stringify({ builderVersion, layerRecipes, standInRecipes, architecture }))
  const folder = join(options.folder, key.digest('hex').slice(0, 12))
  const before = await readLayout(folder)
  if (before.length > 0) return { folder, images: before }
  await mkdir(options.folder, { recursive: true })
  const work = await mkdtemp(join(options.folder, 'building-'))
  try {
    const target = join(work, 'layout')
    await writeLayout(target, await build(work, architecture, signal))
    await publish(target, folder)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  await removeOthers(options.folder, folder)
  return { folder, images: await readLayout(folder) }
}

function imageArchitecture(architecture: string): 'amd64' | 'arm64' {
  if (architecture === 'x64') return 'amd64'
  if (architecture === 'arm64') return 'arm64'
  throw new Error(`cannot build stand-in images for ${architecture}: only x64 and arm64 are known`)
}

async function build(work: string, architecture: 'amd64' | 'arm64', signal: AbortSignal): Promise<NamedImage[]> {
  const sources = new Map<string | undefined, DebianArchive>()
  const versions = new Map<string, string>()
  const layers = new Map<string, Layer>()
  const shared = new Set<string>()
  for (const [name, recipe] of Object.entries(layerRecipes)) {
    const source =
      sources.get(recipe.suite) ??
      new DebianArchive({ folder: join(work, recipe.suite ?? 'own'), ...(recipe.suite !== undefined && { suite: recipe.suite }) })
    sources.set(recipe.suite, source)
    const closure = recipe.packages.length === 0 ? [] : await source.closure(recipe.packages, excludedPackages, signal)
    const packages = closure.filter(({ name }) => !shared.has(name))
    for (const { name, version } of packages) versions.set(name, version)
    if (name === baseLayer) for (const { name } of packages) shared.add(name)
    const archives = await source.download(packages, signal)
    layers.set(name, await buildLayer(await layerEntries(work, { recipe, archives }, signal)))
  }
  return standInRecipes.flatMap(({ repository, tags, layers: names, config, mainPackage }) =>
    tags.map(tag => {
      const name = `${repository}:${tag}`
      const description = `${mainPackage} ${versions.get(mainPackage)} of Debian`
      const labels = { [`${labelPrefix}-for`]: name, [`${labelPrefix}-content`]: description }
      const image = buildImage({ architecture, layers: names.map(name => layers.get(name)!), config: { ...config, Labels: labels } })
      return { name, image, description }
    }),
  )
}

/** The layer that lies below the others; what it has they need not bring. */
const baseLayer = 'tools'

async function layerEntries(
  work: string,
  { recipe, archives }: { recipe: LayerRecipe; archives: string[] },
  signal: AbortSignal,
): Promise<LayerEntry[]> {
  const files = await packageEntries(archives, signal)
  const applets = recipe.busyboxLinks === true ? await busyboxEntries(work, files, signal) : undefined
  const entries = new Map<string, LayerEntry>()
  // Later ones replace earlier ones: our own configuration that of the package.
  for (const entry of [...(applets ?? files), ...recipe.entries]) entries.set(entry.path, entry)
  if (applets === undefined) for (const entry of topFolders(entries.values())) entries.set(entry.path, entry)
  return [...entries.values()]
}

/** BusyBox at /bin/busybox, and a link for each of its applets where it says that it belongs. */
async function busyboxEntries(work: string, files: readonly LayerEntry[], signal: AbortSignal): Promise<LayerEntry[]> {
  const program = files.find(({ path }) => path === 'usr/bin/busybox')?.content
  if (program === undefined) throw new Error('cannot build the BusyBox image: the package has no /usr/bin/busybox')
  const copy = join(work, 'busybox')
  await writeFile(copy, program, { mode: 0o755 })
  const applets = (await run(copy, ['--list-full'], { signal })).split('\n').filter(path => path !== '')
  return [
    ...['bin', 'sbin', 'usr/bin', 'usr/sbin'].map(path => ({ path })),
    { path: 'bin/busybox', mode: 0o755, content: program },
    ...applets.filter(path => path !== 'bin/busybox' && path !== 'usr/bin/busybox').map(path => ({ path, link: '/bin/busybox' })),
  ]
}

/** Another process may have built the same meanwhile; both are good. */
async function publish(source: string, target: string): Promise<void> {
  try {
    await rename(source, target)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
  }
}

async function removeOthers(folder: string, kept: string): Promise<void> {
  const names = await readdir(folder)
  const old = names.filter(name => /^[0-9a-f]{12}$/.test(name)).map(name => join(folder, name))
  await Promise.all(old.filter(path => path !== kept).map(path => rm(path, { recursive: true })))
}
