import { dirname } from 'node:path'
import type { Container } from './container.ts'
import type { ContainerFiles, Output, ProgramContext } from './image.ts'
import { Live } from './live.ts'
import type { SimulatedNode } from './node.ts'

interface MountedPath {
  hostPath: string
  readonly: boolean
  /** In a folder that is mounted; otherwise it is the mounted file itself. */
  isBelow: boolean
}

export interface ProgramStreams {
  stdin: AsyncIterable<Uint8Array>
  stdout: Output
  stderr: Output
}

/** What the program of a container, and each command run in it, gets to see. */
export function programContext(
  node: SimulatedNode,
  container: Container,
  program: { command: readonly string[]; streams: ProgramStreams; sleep: (ms: number) => Promise<void> },
): ProgramContext {
  const { sandbox } = container
  const { name, namespace, uid } = sandbox
  const ip = sandbox.onHostNetwork ? (node.options.nodeIP ?? '') : sandbox.address
  const hostname = node.hostnameOf(sandbox)
  return {
    command: program.command,
    // Containerd's own, unless the pod says another.
    env: { HOSTNAME: hostname, ...environmentOf(container) },
    hostname,
    pod: { name, namespace, uid, ip },
    ...program.streams,
    files: new FileView(node, container),
    clock: node.environment.clock,
    sleep: program.sleep,
  }
}

export function liveOf(container: Container): Live {
  container.live ??= new Live()
  return container.live
}

function environmentOf({ environment }: Container): Record<string, string> {
  const lines = environment === '' ? [] : environment.split('\0')
  return Object.fromEntries(lines.map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]))
}

/** Mounted files are the node's; all others are the container's own and end with it. */
class FileView implements ContainerFiles {
  readonly #node: SimulatedNode
  readonly #container: Container

  constructor(node: SimulatedNode, container: Container) {
    this.#node = node
    this.#container = container
  }

  async read(path: string): Promise<Uint8Array | undefined> {
    return this.#container.live?.files?.get(path) ?? (await this.#readMounted(path)) ?? this.#ofRuntime(path)
  }

  async write(path: string, content: string | Uint8Array, options: { append?: boolean } = {}): Promise<void> {
    const before = options.append === true ? await this.read(path) : undefined
    const bytes = Buffer.concat([before ?? Buffer.alloc(0), typeof content === 'string' ? Buffer.from(content) : content])
    const mounted = this.#mounted(path)
    if (mounted?.readonly === true) throw new Error(`${path}: Read-only file system`)
    const { files } = this.#node.options
    if (mounted !== undefined && files !== undefined) {
      const folder = dirname(mounted.hostPath)
      if (mounted.isBelow && this.#container.isRunning) await files.makeDirectory(folder, 0o755)
      await files.writeFile(mounted.hostPath, bytes)
    } else if (this.#container.isRunning) {
      const live = liveOf(this.#container)
      live.files ??= new Map()
      live.files.set(path, bytes)
    }
  }

  async list(path: string): Promise<string[]> {
    const folder = path.endsWith('/') ? path : `${path}/`
    const mounted = this.#mounted(path)
    const { files } = this.#node.options
    // What atomic volumes keep beside their files begins with two dots.
    const names = mounted === undefined || files === undefined ? [] : await files.list(mounted.hostPath)
    const own = [...(this.#container.live?.files?.keys() ?? []), ...this.#container.mounts.map(({ containerPath = '' }) => containerPath)]
    const below = own.filter(each => each.startsWith(folder)).map(each => each.slice(folder.length).split('/', 1)[0]!)
    return [...new Set([...names.filter(name => !name.startsWith('..')), ...below])]
  }

  async remove(path: string): Promise<boolean> {
    const mounted = this.#mounted(path)
    const { files } = this.#node.options
    if (mounted === undefined || files === undefined) return this.#container.live?.files?.delete(path) ?? false
    if (mounted.readonly) throw new Error(`${path}: Read-only file system`)
    if ((await files.readFile(mounted.hostPath)) === undefined) return false
    await files.remove(mounted.hostPath)
    return true
  }

  /** Files that the runtime gives every container. */
  #ofRuntime(path: string): Uint8Array | undefined {
    const { sandbox } = this.#container
    if (path === '/etc/resolv.conf') return Buffer.from(sandbox.resolvConf)
    return path === '/etc/hostname' ? Buffer.from(`${this.#node.hostnameOf(sandbox)}\n`) : undefined
  }

  async #readMounted(path: string): Promise<Uint8Array | undefined> {
    const mounted = this.#mounted(path)
    return mounted === undefined ? undefined : this.#node.options.files?.readFile(mounted.hostPath)
  }

  /** The innermost mount that the path lies in. */
  #mounted(path: string): MountedPath | undefined {
    let longest = ''
    let found: MountedPath | undefined
    for (const { containerPath = '', hostPath = '', readonly = false } of this.#container.mounts) {
      const root = containerPath.replace(/\/$/, '')
      if (path !== root && !path.startsWith(`${root}/`)) continue
      if (found !== undefined && root.length < longest.length) continue
      longest = root
      found = { hostPath: hostPath + path.slice(root.length), readonly, isBelow: path !== root }
    }
    return found
  }
}
