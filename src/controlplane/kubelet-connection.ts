import type { Duplex } from 'node:stream'
import type { Node, Pod } from '#api/core/v1/types.gen.ts'
import { newBadRequest, newInternalError } from '#apimachinery/status/status.ts'
import type { ConnectContext } from '#apiserver/registry/resource.ts'
import { containerLogPath, portForwardPath, remoteCommandPath } from '#apiserver/streams/kubelet-path.ts'
import { proxyRequest, proxyStream } from '#apiserver/streams/proxy-stream.ts'
import { proxyUpgrade } from '#apiserver/streams/proxy-upgrade.ts'
import type { StreamTarget } from '#apiserver/streams/target.ts'
import type { PodConnectHandlers } from '#registry/core/pods/index.ts'

/** What the API server shows to kubelets, and what it checks them against. PEM. */
export interface KubeletCredentials {
  ca: string
  certificate: string
  key: string
}

/** Nodes of this process: they and their pods are reached without sockets. */
export interface InProcessNodes {
  /** Connects to the kubelet of that node; undefined when the node is none of them. */
  kubelet(nodeName: string): (() => Duplex) | undefined
  /** Connects to a pod of such a node. Rejects when nobody listens. */
  pod(address: { ip: string; port: number }, signal: AbortSignal): Promise<Duplex>
}

export interface KubeletConnectionOptions {
  credentials: KubeletCredentials
  inProcess?: InProcessNodes | undefined
}

const defaultKubeletPort = 10_250

/** Reaches into Pods by way of the kubelet of their node. */
export function kubeletConnections(options: KubeletConnectionOptions): PodConnectHandlers {
  const targetOf = async (pod: Pod, path: string, context: ConnectContext): Promise<StreamTarget> => {
    const node = await context.stores.of<Node>({ group: '', resource: 'nodes' }).get(undefined, pod.spec.nodeName!)
    return kubeletTarget(node, path, options)
  }
  const refOf = ({ metadata }: Pod) => ({ namespace: metadata.namespace!, name: metadata.name })
  const upgrade = async (pod: Pod, path: string, context: ConnectContext): Promise<void> => {
    if (context.upgrade === undefined) throw newBadRequest('Upgrade request required')
    const target = await targetOf(pod, path, context)
    await proxyUpgrade({ request: context.request, ...context.upgrade, target })
  }
  return {
    async log({ pod, container }, options, context) {
      const target = await targetOf(pod, containerLogPath(refOf(pod), container, options), context)
      const resource = { group: '', resource: 'pods/log' }
      await proxyStream({ response: context.response, target, resource, name: pod.metadata.name, signal: context.signal })
    },
    exec: ({ pod, container }, options, context) => upgrade(pod, remoteCommandPath('exec', refOf(pod), container, options), context),
    attach: ({ pod, container }, options, context) => upgrade(pod, remoteCommandPath('attach', refOf(pod), container, options), context),
    portforward: (pod, options, context) => upgrade(pod, portForwardPath(refOf(pod), options.ports), context),
    proxy: (name, context) => proxyPod(name, context, options.inProcess),
  }
}

/** `nodes/NAME/proxy`: the kubelet's own pages. `name` is `[scheme:]node[:port]`; the kubelet has one port only. */
export function nodeProxy(options: KubeletConnectionOptions): (name: string, context: ConnectContext) => Promise<void> {
  return async (name, context) => {
    const nodeName = name.split(':').at(name.split(':').length === 3 ? 1 : 0)!
    const node = await context.stores.of<Node>({ group: '', resource: 'nodes' }).get(undefined, nodeName)
    const query = context.query.size === 0 ? '' : `?${context.query}`
    const target = kubeletTarget(node, `/${context.rest.replace(/^\//, '')}${query}`, options)
    if (context.upgrade !== undefined) await proxyUpgrade({ request: context.request, ...context.upgrade, target })
    else await proxyRequest({ request: context.request, response: context.response, target, signal: context.signal })
  }
}

function kubeletTarget(node: Node, path: string, { credentials, inProcess }: KubeletConnectionOptions): StreamTarget {
  const connect = inProcess?.kubelet(node.metadata.name)
  if (connect !== undefined) return { ...kubeletAddress(node), path, connect }
  return { ...kubeletAddress(node), path, tls: { ca: credentials.ca, cert: credentials.certificate, key: credentials.key } }
}

/** Where the node's kubelet listens: at its internal address, as upstream prefers by default. */
function kubeletAddress({ metadata, status }: Node): { host: string; port: number } {
  const addresses = status?.addresses ?? []
  const preferred = ['Hostname', 'InternalDNS', 'InternalIP', 'ExternalDNS', 'ExternalIP']
  // Names need a resolver that knows them; on the machines we run on, addresses always work.
  const address = addresses.find(({ type }) => type === 'InternalIP') ?? addresses.find(({ type }) => preferred.includes(type))
  if (address === undefined) throw newInternalError(`no preferred addresses found; known addresses: [] (node ${metadata.name})`)
  return { host: address.address, port: status?.daemonEndpoints?.kubeletEndpoint?.Port ?? defaultKubeletPort }
}

/** `pods/proxy`: plain HTTP to the pod's IP. `name` is `[scheme:]pod[:port]`. */
async function proxyPod(name: string, context: ConnectContext, inProcess: InProcessNodes | undefined): Promise<void> {
  const parts = name.split(':')
  const [scheme, podName, port] = parts.length === 3 ? parts : ['http', parts[0]!, parts[1]]
  const pod = await context.stores.of<Pod>({ group: '', resource: 'pods' }).get(context.namespace, podName!)
  const host = pod.status?.podIP
  if (host === undefined || host === '') throw newBadRequest('address not allowed')
  const number = port === undefined || port === '' ? firstPort(pod) : Number(port)
  const query = context.query.size === 0 ? '' : `?${context.query}`
  const tls = scheme === 'https' ? { tls: { rejectUnauthorized: false } } : {}
  const path = `/${context.rest.replace(/^\//, '')}${query}`
  let target: StreamTarget = { host, port: number, path, ...tls }
  if (inProcess?.kubelet(pod.spec.nodeName ?? '') !== undefined) {
    const connection = await inProcess.pod({ ip: host, port: number }, context.signal).catch(error => {
      throw newInternalError(`error trying to reach service: dial tcp ${host}:${number}: ${(error as Error).message}`)
    })
    target = { host, port: number, path, connect: () => connection }
  }
  if (context.upgrade !== undefined) await proxyUpgrade({ request: context.request, ...context.upgrade, target })
  else await proxyRequest({ request: context.request, response: context.response, target, signal: context.signal })
}

function firstPort({ spec }: Pod): number {
  return spec.containers.flatMap(({ ports }) => ports ?? [])[0]?.containerPort ?? 80
}
