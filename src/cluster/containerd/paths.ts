import { join } from 'node:path'

/** Where one cluster's containerd keeps its things. */
export interface ContainerdFolders {
  /** Survives a reboot: images, snapshots, the record of containers. */
  dataFolder: string
  /** Sockets and state of what runs now; short, because a socket's path may have 107 bytes at most. */
  runFolder: string
}

const socketPathBytesMax = 107

export interface ContainerdPaths {
  root: string
  config: string
  registries: string
  log: string
  versionCache: string
  state: string
  runtimeState: string
  socket: string
  pidFile: string
}

/** @throws when a socket below `runFolder` would have too long a path */
export function containerdPaths({ dataFolder, runFolder }: ContainerdFolders): ContainerdPaths {
  const socket = join(runFolder, 'containerd.sock')
  // containerd puts a second socket, with a suffix, beside the first.
  const bytes = Buffer.byteLength(`${socket}.ttrpc`)
  if (bytes > socketPathBytesMax)
    throw new Error(`cannot put sockets into "${runFolder}": a socket's path would have ${bytes} bytes, at most ${socketPathBytesMax} work`)
  return {
    root: join(dataFolder, 'root'),
    config: join(dataFolder, 'config.toml'),
    registries: join(dataFolder, 'certs.d'),
    log: join(dataFolder, 'containerd.log'),
    versionCache: join(dataFolder, 'version'),
    state: join(runFolder, 'state'),
    runtimeState: join(runFolder, 'runc'),
    socket,
    pidFile: join(runFolder, 'containerd.pid'),
  }
}
