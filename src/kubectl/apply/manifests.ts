import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseYAML } from '#apimachinery/codec/yaml.ts'
import type { KubeList, KubeObject } from '#apimachinery/meta/v1/object.ts'

/** A file of manifests cannot be used; the message names the file and what is wrong. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError'
}

/**
 * The objects of YAML and JSON files, in order; of a folder, those of its files in the order of their names (not of folders in it). Lists
 * are taken apart.
 * @throws ManifestError
 */
export async function readManifests(paths: readonly string[]): Promise<KubeObject[]> {
  const files = (await Promise.all(paths.map(filesOf))).flat()
  return (await Promise.all(files.map(readObjects))).flat()
}

async function filesOf(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw new ManifestError(`the path "${path}" does not exist`)
  if (!found.isDirectory()) return [path]
  const names = (await readdir(path)).filter(name => /\.(ya?ml|json)$/.test(name)).sort()
  if (names.length === 0) throw new ManifestError(`the folder "${path}" has no .yaml, .yml or .json files`)
  return names.map(name => join(path, name))
}

async function readObjects(file: string): Promise<KubeObject[]> {
  let documents: unknown[]
  try {
    documents = parseYAML(await readFile(file, 'utf8'))
  } catch (error) {
    throw new ManifestError(`cannot read "${file}": ${(error as Error).message}`, { cause: error })
  }
  return documents.filter(document => document !== null).flatMap(document => objectsOf(document as object, file))
}

function objectsOf(document: unknown, file: string): KubeObject[] {
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw new ManifestError(`"${file}": a document is no object`)
  const { apiVersion, kind, metadata, items } = document as Partial<KubeObject & KubeList>
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') throw new ManifestError(`"${file}": an object has no apiVersion or kind`)
  if (kind.endsWith('List') && Array.isArray(items)) return items.flatMap(item => objectsOf(item, file))
  if (typeof metadata?.name !== 'string' || metadata.name === '') {
    const cure = metadata?.generateName === undefined ? '' : '; generateName would make another one each time'
    throw new ManifestError(`"${file}": a ${kind} has no metadata.name${cure}`)
  }
  return [document as KubeObject]
}
