export { type ContainerdHandle, type ContainerdOptions, ensureContainerd, stopContainerd } from './containerd.ts'
export { type ContainerdFolders, containerdPaths } from './paths.ts'
export { everyHost, setRegistryMirror } from './registry-hosts.ts'
export { removeAllPods, removeContainerd } from './remove.ts'
