import type { Endpoints, Namespace, Service } from '#api/core/v1/types.gen.ts'
import type { EndpointSlice } from '#api/discovery/v1/types.gen.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { isAlreadyExists, isNotFound } from '#apimachinery/status/status.ts'
import { reconcileBootstrapPolicy } from '#apiserver/authorization/rbac/reconcile.ts'
import type { RequestContext } from '#apiserver/registry/resource.ts'
import type { APIServer } from '#apiserver/server.ts'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import type { Client } from '#client/client.ts'
import { refOf } from '#client/rest-client.ts'

/** Where Pods and others reach the API server. */
export interface ServerEndpoint {
  address: string
  port: number
}

export interface FirstObjectsOptions {
  server: APIServer
  options: { clock: Clock; random: Random }
  endpoint: ServerEndpoint
  /** Address of the Service `kubernetes`. */
  serviceIP: string
}

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease']
const retryMs = 1_000
const serviceLabels = { component: 'apiserver', provider: 'kubernetes' }

/** Makes what every cluster has from the start: namespaces, the bootstrap policy, the Service `kubernetes` with its endpoints. Idempotent. */
export async function createFirstObjects(
  client: Client,
  { server, options, endpoint, serviceIP }: FirstObjectsOptions,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all([
    reconcileBootstrapPolicy(serverContext(server, options, signal)),
    ...namespaces.map(name => createOnce(client, namespaceNamed(name), signal)),
  ])
  await createMissing(client, kubernetesService(serviceIP, endpoint.port), signal)
  await Promise.all(endpointsOf(endpoint).map(object => replace(client, object, signal)))
}

/** Brings back what somebody deletes of the namespaces and the Service `kubernetes`, until the signal is aborted. */
export async function keepFirstObjects(
  client: Client,
  { endpoint, serviceIP, options: { clock }, log }: Omit<FirstObjectsOptions, 'server'> & { log: Logger },
  signal: AbortSignal,
): Promise<void> {
  const kept = [...namespaces.map(namespaceNamed), kubernetesService(serviceIP, endpoint.port), ...endpointsOf(endpoint)]
  await Promise.all(kept.map(object => keep(client, object, { clock, log }, signal)))
}

/** Looks once, then waits for the object to be deleted. An old object's own version is one that nobody can watch from any more. */
async function keep(client: Client, object: KubeObject, { clock, log }: { clock: Clock; log: Logger }, signal: AbortSignal): Promise<void> {
  const { name, ...collection } = { ...refOf(object), fieldSelector: `metadata.name=${object.metadata.name}` }
  while (!signal.aborted) {
    try {
      const { resourceVersion = '' } = (await client.list(collection, signal)).metadata
      await createMissing(client, object, signal)
      for await (const events of client.watch({ ...collection, resourceVersion }, signal)) {
        if (events.some(({ type }) => type === 'DELETED')) await createMissing(client, object, signal)
      }
    } catch (error) {
      if (signal.aborted) return
      log.warn('cannot keep an object that every cluster has', { kind: object.kind, name, error })
      await clock.sleep(retryMs, signal).catch(() => {})
    }
  }
}

function namespaceNamed(name: string): Namespace {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} }
}

/** A server on loopback is reached by nobody but its own machine: endpoints may not name such an address. */
function endpointsOf(endpoint: ServerEndpoint): KubeObject[] {
  return endpoint.address.startsWith('127.') ? [] : [kubernetesEndpoints(endpoint), kubernetesEndpointSlice(endpoint)]
}

function kubernetesService(serviceIP: string, targetPort: number): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kubernetes', namespace: 'default', labels: serviceLabels },
    spec: {
      type: 'ClusterIP',
      clusterIP: serviceIP,
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort }],
      sessionAffinity: 'None',
    },
  }
}

function kubernetesEndpoints({ address, port }: ServerEndpoint): Endpoints {
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [{ addresses: [{ ip: address }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  }
}

function kubernetesEndpointSlice({ address, port }: ServerEndpoint): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  }
}

async function createOnce(client: Client, object: KubeObject, signal: AbortSignal): Promise<void> {
  await client.create(object, signal).catch(error => {
    if (!isAlreadyExists(error)) throw error
  })
}

/** A second Service with the same address would be refused for its address, so that its absence is made sure of first. */
async function createMissing(client: Client, object: KubeObject, signal: AbortSignal): Promise<KubeObject> {
  try {
    return await client.get(refOf(object), signal)
  } catch (error) {
    if (!isNotFound(error)) throw error
    return await client.create(object, signal)
  }
}

/** Makes the object as given, whatever it was; the address of the server may have changed since the last start. */
async function replace(client: Client, object: KubeObject, signal: AbortSignal): Promise<void> {
  try {
    const { metadata } = await client.get(refOf(object), signal)
    await client.update({ ...object, metadata: { ...object.metadata, resourceVersion: metadata.resourceVersion } }, signal)
  } catch (error) {
    if (!isNotFound(error)) throw error
    await createOnce(client, object, signal)
  }
}

/** The server's own context, for writes that no request asked for. */
function serverContext(server: APIServer, { clock, random }: { clock: Clock; random: Random }, signal: AbortSignal): RequestContext {
  return {
    user: { name: 'system:apiserver', groups: ['system:masters'] },
    verb: 'create',
    resource: { group: '', version: 'v1', resource: '' },
    subresource: undefined,
    namespace: undefined,
    name: undefined,
    dryRun: false,
    fieldManager: 'apiserver',
    userAgent: 'apiserver',
    clock,
    random,
    signal,
    warn() {},
    stores: server.stores,
  }
}
