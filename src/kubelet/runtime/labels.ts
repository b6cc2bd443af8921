/**
 * Labels and annotations that the kubelet puts on sandboxes and containers. They are all that is left of our knowledge after a crash, and
 * other tools (crictl, log shippers) read them, so names and values are upstream's.
 */
import type { Container, Pod } from '#api/core/v1/types.gen.ts'
import { SharedValues } from '#base/shared-values.ts'

export const podNameLabel = 'io.kubernetes.pod.name'
export const podNamespaceLabel = 'io.kubernetes.pod.namespace'
export const podUIDLabel = 'io.kubernetes.pod.uid'
export const containerNameLabel = 'io.kubernetes.container.name'

const hashAnnotation = 'io.kubernetes.container.hash'
const restartCountAnnotation = 'io.kubernetes.container.restartCount'
const terminationMessagePathAnnotation = 'io.kubernetes.container.terminationMessagePath'
const terminationMessagePolicyAnnotation = 'io.kubernetes.container.terminationMessagePolicy'
const portsAnnotation = 'io.kubernetes.container.ports'
const preStopAnnotation = 'io.kubernetes.container.preStopHandler'
const podDeletionGraceAnnotation = 'io.kubernetes.pod.deletionGracePeriod'
const podGraceAnnotation = 'io.kubernetes.pod.terminationGracePeriod'

type Texts = { [key: string]: string }

export function sandboxLabels(pod: Pod): Texts {
  return { ...pod.metadata.labels, ...podLabels(pod) }
}

export function sandboxAnnotations(pod: Pod, seenAt: string): Texts {
  return { ...pod.metadata.annotations, 'kubernetes.io/config.seen': seenAt, 'kubernetes.io/config.source': 'api' }
}

export function containerLabels(pod: Pod, container: Container): Texts {
  return { [containerNameLabel]: container.name, ...podLabels(pod) }
}

function podLabels({ metadata }: Pod): Texts {
  return { [podNameLabel]: metadata.name, [podNamespaceLabel]: metadata.namespace ?? '', [podUIDLabel]: metadata.uid ?? '' }
}

export function containerAnnotations(pod: Pod, container: Container, restartCount: number): Texts {
  const annotations: Texts = {
    [hashAnnotation]: hashContainer(container),
    [restartCountAnnotation]: String(restartCount),
    [terminationMessagePathAnnotation]: container.terminationMessagePath ?? '',
    [terminationMessagePolicyAnnotation]: container.terminationMessagePolicy ?? '',
  }
  const { deletionGracePeriodSeconds } = pod.metadata
  if (deletionGracePeriodSeconds !== undefined) annotations[podDeletionGraceAnnotation] = String(deletionGracePeriodSeconds)
  const { terminationGracePeriodSeconds } = pod.spec
  if (terminationGracePeriodSeconds !== undefined) annotations[podGraceAnnotation] = String(terminationGracePeriodSeconds)
  if (container.lifecycle?.preStop !== undefined) annotations[preStopAnnotation] = JSON.stringify(container.lifecycle.preStop)
  if ((container.ports?.length ?? 0) > 0) annotations[portsAnnotation] = JSON.stringify(container.ports)
  return annotations
}

export interface ContainerNote {
  hash: string
  restartCount: number
  terminationMessagePath: string
  terminationMessagePolicy: string
  /** Undefined on containers that were made without one. */
  podGracePeriodSeconds: number | undefined
}

/** Reads back what `containerAnnotations` wrote. Nonsense from somebody else's container reads as zero. */
export function readContainerAnnotations(annotations: Readonly<Texts>): ContainerNote {
  const restartCount = Number(annotations[restartCountAnnotation] ?? 0)
  const grace = annotations[podGraceAnnotation]
  return {
    hash: annotations[hashAnnotation] ?? '',
    restartCount: Number.isInteger(restartCount) ? restartCount : 0,
    terminationMessagePath: annotations[terminationMessagePathAnnotation] ?? '',
    terminationMessagePolicy: annotations[terminationMessagePolicyAnnotation] ?? '',
    podGracePeriodSeconds: grace === undefined || !/^\d+$/.test(grace) ? undefined : Number(grace),
  }
}

const hashes = new SharedValues<string>()

/** Changes when a running container no longer is what the spec says: FNV-1a over the fields that only a new container can honour. */
export function hashContainer({ name, image }: Container): string {
  const text = JSON.stringify({ name, image })
  return hashes.get(text, () => {
    let hash = 0x811c9dc5
    for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
    return hash.toString(16)
  })
}
