import type { ConfigMap, Node, Pod, Secret, Service } from '#api/core/v1/types.gen.ts'
import { keyOf } from '#apimachinery/meta/v1/object.ts'
import type { CollectionRef } from '#client/client.ts'
import { Informer, type InformerOptions } from '#client/informer.ts'
import type { InformerFactory } from '#client/informer-factory.ts'
import { InformerParts, type ObjectSource } from '#client/informer-parts.ts'
import type { Partition } from '#client/partition.ts'

/** What a kubelet reads of the API. */
export interface KubeletSources {
  /** Pods bound to the node. */
  pods(nodeName: string): ObjectSource<Pod>
  /** The node's own object. */
  node(nodeName: string): ObjectSource<Node>
  services(): ObjectSource<Service>
  /** The object of that name, if there is one. */
  configMap(namespace: string, name: string): ObjectSource<ConfigMap>
  secret(namespace: string, name: string): ObjectSource<Secret>
}

/** Watches of the kubelet's own, each of no more than it may read. */
export function ownSources(options: InformerOptions): KubeletSources {
  const named = (kind: string, namespace: string, name: string): CollectionRef => ({
    apiVersion: 'v1',
    kind,
    namespace,
    fieldSelector: `metadata.name=${name}`,
  })
  return {
    pods: nodeName => new Informer<Pod>({ apiVersion: 'v1', kind: 'Pod', fieldSelector: `spec.nodeName=${nodeName}` }, options),
    node: nodeName => new Informer<Node>({ apiVersion: 'v1', kind: 'Node', fieldSelector: `metadata.name=${nodeName}` }, options),
    services: () => new Informer<Service>({ apiVersion: 'v1', kind: 'Service' }, options),
    configMap: (namespace, name) => new Informer<ConfigMap>(named('ConfigMap', namespace, name), options),
    secret: (namespace, name) => new Informer<Secret>(named('Secret', namespace, name), options),
  }
}

/**
 * One watch of each kind for all kubelets of this process: a node more costs no watch more.
 * @returns what a kubelet reads over a network that can be cut; `hasRead`: it goes on for one that had read it
 */
export function sharedSources(informers: InformerFactory): (partition: Partition, hasRead: boolean) => KubeletSources {
  const all: AllParts = {
    pods: new InformerParts(informers.of<Pod>({ apiVersion: 'v1', kind: 'Pod' }), ({ spec }) => spec.nodeName ?? ''),
    nodes: new InformerParts(informers.of<Node>({ apiVersion: 'v1', kind: 'Node' }), keyOf),
    services: new InformerParts(informers.of<Service>({ apiVersion: 'v1', kind: 'Service' }), () => 'all'),
    configMaps: new InformerParts(informers.of<ConfigMap>({ apiVersion: 'v1', kind: 'ConfigMap' }), keyOf),
    secrets: new InformerParts(informers.of<Secret>({ apiVersion: 'v1', kind: 'Secret' }), keyOf),
  }
  return (partition, hasRead) => new PartitionedSources(all, partition, hasRead)
}

/** What all kubelets read together. */
interface AllParts {
  pods: InformerParts<Pod>
  nodes: InformerParts<Node>
  services: InformerParts<Service>
  configMaps: InformerParts<ConfigMap>
  secrets: InformerParts<Secret>
}

class PartitionedSources implements KubeletSources {
  readonly #all: AllParts
  readonly #partition: Partition
  readonly #hasRead: boolean

  constructor(all: AllParts, partition: Partition, hasRead: boolean) {
    this.#all = all
    this.#partition = partition
    this.#hasRead = hasRead
  }

  pods(nodeName: string): ObjectSource<Pod> {
    return this.#all.pods.of(nodeName, this.#partition, this.#hasRead)
  }

  node(nodeName: string): ObjectSource<Node> {
    return this.#all.nodes.of(nodeName, this.#partition, this.#hasRead)
  }

  services(): ObjectSource<Service> {
    return this.#all.services.of('all', this.#partition, this.#hasRead)
  }

  configMap(namespace: string, name: string): ObjectSource<ConfigMap> {
    return this.#all.configMaps.of(`${namespace}/${name}`, this.#partition, this.#hasRead)
  }

  secret(namespace: string, name: string): ObjectSource<Secret> {
    return this.#all.secrets.of(`${namespace}/${name}`, this.#partition, this.#hasRead)
  }
}
