import type { Duplex } from 'node:stream'
import type { Node, Pod } from '#api/core/v1/types.gen.ts'
import { newBadRequest, newInternalError } from '#apimachinery/status/status.ts'
import { quote } from '#apimachinery/text/quote.ts'
import type { ConnectContext } from '#apiserver/registry/resource.ts'
import { containerLogPath, portForwardPath, remoteCommandPath } from '#apiserver/streams/kubelet-path.ts'
import { proxyRequest, proxyStream } from '#apiserver/streams/proxy-stream.ts'
import { proxyUpgrade } from '#apiserver/streams/proxy-upgrade.ts'
import type { StreamTarget } from '#apiserver/streams/target.ts'
import type { PodConnectHandlers } from '#registry/core/pods/index.ts'
import { isProxyable, parseProxyLocation, type ProxyLocation } from './proxy-location.ts'

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

/** `nodes/NAME/proxy`: the kubelet's own pages, or another port of the node. */
export function nodeProxy(options: KubeletConnectionOptions): (name: string, context: ConnectContext) => Promise<void> {
  return async (text, context) => {
    const location = parseProxyLocation(text)
    if (location === undefined) throw newBadRequest(`invalid node request ${quote(text)}`)
    const node = await context.stores.of<Node>({ group: '', resource: 'nodes' }).get(undefined, location.name)
    const kubelet = kubeletTarget(node, pathOf(context), options)
    if (location.port === undefined || location.port === kubelet.port) return proxyTo(kubelet, context)
    if (!isProxyable(kubelet.host)) throw newBadRequest('address not allowed')
    return proxyTo({ host: kubelet.host, port: location.port, path: kubelet.path, ...tlsOf(location) }, context)
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

/** `pods/NAME/proxy`: plain HTTP, or HTTPS, to the pod's IP. */
async function proxyPod(text: string, context: ConnectContext, inProcess: InProcessNodes | undefined): Promise<void> {
  const location = parseProxyLocation(text)
  if (location === undefined) throw newBadRequest(`invalid pod request ${quote(text)}`)
  const pod = await context.stores.of<Pod>({ group: '', resource: 'pods' }).get(context.namespace, location.name)
  const host = pod.status?.podIP ?? ''
  if (!isProxyable(host)) throw newBadRequest('address not allowed')
  const port = location.port ?? firstPort(pod) ?? (location.scheme === 'https' ? 443 : 80)
  const path = pathOf(context)
  if (inProcess?.kubelet(pod.spec.nodeName ?? '') === undefined) return proxyTo({ host, port, path, ...tlsOf(location) }, context)
  const connection = await inProcess.pod({ ip: host, port }, context.signal).catch(error => {
    throw newInternalError(`error trying to reach service: dial tcp ${host}:${port}: ${(error as Error).message}`)
  })
  return proxyTo({ host, port, path, connect: () => connection }, context)
}

async function proxyTo(target: StreamTarget, context: ConnectContext): Promise<void> {
  if (context.upgrade !== undefined) await proxyUpgrade({ request: context.request, ...context.upgrade, target })
  else await proxyRequest({ request: context.request, response: context.response, target, signal: context.signal })
}

function pathOf({ rest, query }: ConnectContext): string {
  return `/${rest.replace(/^\//, '')}${query.size === 0 ? '' : `?${query}`}`
}

/** Whatever speaks HTTPS behind the proxy has a certificate of its own making. */
function tlsOf({ scheme }: ProxyLocation): Pick<StreamTarget, 'tls'> {
  return scheme === 'https' ? { tls: { rejectUnauthorized: false } } : {}
}

function firstPort({ spec }: Pod): number | undefined {
  return spec.containers.flatMap(({ ports }) => ports ?? [])[0]?.containerPort
}
