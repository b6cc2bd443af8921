import type { QOSClass } from '#api/core/v1/qos.ts'
import type { LinuxResources } from '../container/resources.ts'

/** The pod level of the cgroup tree: what the containers of a pod may use together. A simulated node has none. */
export interface Cgroups {
  /** Makes the parents of all pods. Idempotent. */
  prepare(): Promise<void>
  /** What CRI takes as `cgroup_parent` of the pod's sandbox; '' for none. */
  parentOf(uid: string, qos: QOSClass): string
  /** Makes the pod's cgroup, or sets its limits anew. */
  ensurePod(uid: string, qos: QOSClass, resources: PodCgroupResources): Promise<void>
  /** Removes the pod's cgroup with what is left below it. Idempotent. */
  removePod(uid: string, qos: QOSClass): Promise<void>
  /** UIDs of the pods that have a cgroup. */
  podUIDs(): Promise<string[]>
}

/** A limit of 0 is none. */
export type PodCgroupResources = LinuxResources

export class NoCgroups implements Cgroups {
  async prepare(): Promise<void> {}
  parentOf(): string {
    return ''
  }
  async ensurePod(): Promise<void> {}
  async removePod(): Promise<void> {}
  async podUIDs(): Promise<string[]> {
    return []
  }
}

/** `kubepods/burstable/pod<uid>`: upstream's names for the cgroupfs driver. */
export function podCgroupPath(root: string, uid: string, qos: QOSClass): string {
  const level = qos === 'Guaranteed' ? '' : `/${qos.toLowerCase()}`
  return `${root}/kubepods${level}/pod${uid}`
}
