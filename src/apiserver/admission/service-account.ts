import type { Container, Pod, ProjectedVolumeSource, ServiceAccount as ServiceAccountObject } from '#api/core/v1/types.gen.ts'
import { mirrorPodAnnotation } from '#api/core/v1/well-known.ts'
import { isNotFound } from '#apimachinery/status/status.ts'
import { podReferences } from '../authorization/node/pod-references.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../registry/resource.ts'
import { admissionForbidden } from './forbidden.ts'

const defaultServiceAccount = 'default'
const mountableSecretsAnnotation = 'kubernetes.io/enforce-mountable-secrets'
const tokenMountPath = '/var/run/secrets/kubernetes.io/serviceaccount'
const volumeNamePrefix = 'kube-api-access-'
/** An hour and the seconds by which the API server knows that this plugin asked. */
const tokenExpirationSeconds = 3607
const rootCAConfigMap = 'kube-root-ca.crt'

/** All pods share it: it never changes. */
const tokenProjection: ProjectedVolumeSource = {
  sources: [
    { serviceAccountToken: { expirationSeconds: tokenExpirationSeconds, path: 'token' } },
    { configMap: { items: [{ key: 'ca.crt', path: 'ca.crt' }], name: rootCAConfigMap } },
    { downwardAPI: { items: [{ fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' }, path: 'namespace' }] } },
  ],
  defaultMode: 0o644,
}

/** The default account of a new namespace is made by a controller: a pod that comes first waits this long for it. */
const defaultAccountWaitMs = 100
const defaultAccountAttemptsMax = 15

/**
 * Gives every pod a service account, which must exist, and mounts its token, the cluster's root certificate and the namespace's name into
 * every container. Behaviour: the admission plugin of that name with bound tokens.
 */
export class ServiceAccount implements AdmissionPlugin {
  readonly name = 'ServiceAccount'

  admit(request: AdmissionRequest): Promise<void> | undefined {
    const { operation, object, context } = request
    const isPod = context.resource.group === '' && context.resource.resource === 'pods' && context.subresource === undefined
    if (!isPod || operation !== 'CREATE' || object === undefined) return undefined
    const pod = object as Pod
    const spec = (pod.spec ??= { containers: [] })
    if (pod.metadata.annotations?.[mirrorPodAnnotation] !== undefined) {
      checkMirrorPod(pod, request)
      return undefined
    }
    const accountName = spec.serviceAccountName || spec.serviceAccount || defaultServiceAccount
    spec.serviceAccountName = accountName
    spec.serviceAccount = accountName
    const account = context.stores.of<ServiceAccountObject>(serviceAccounts).peek(context.namespace, accountName)
    if (account !== undefined) {
      applyServiceAccount(pod, account, request)
      return undefined
    }
    return findServiceAccount(accountName, request).then(found => applyServiceAccount(pod, found, request))
  }
}

const serviceAccounts = { group: '', resource: 'serviceaccounts' }

async function findServiceAccount(name: string, request: AdmissionRequest): Promise<ServiceAccountObject> {
  const { namespace, stores, clock, signal } = request.context
  const store = stores.of<ServiceAccountObject>(serviceAccounts)
  const attempts = name === defaultServiceAccount ? defaultAccountAttemptsMax : 1
  for (let attempt = 1; ; attempt++) {
    try {
      return await store.get(namespace, name)
    } catch (error) {
      if (!isNotFound(error)) throw error
      if (attempt === attempts) {
        throw admissionForbidden(request, `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`)
      }
    }
    await clock.sleep(defaultAccountWaitMs, signal)
  }
}

function checkMirrorPod(pod: Pod, request: AdmissionRequest): void {
  if (pod.spec?.serviceAccountName) throw admissionForbidden(request, 'a mirror pod may not reference service accounts')
  if (podReferences(pod).secrets.size > 0) throw admissionForbidden(request, 'a mirror pod may not reference secrets')
  if (pod.spec?.volumes?.some(volume => volume.projected?.sources?.some(source => source.serviceAccountToken !== undefined))) {
    throw admissionForbidden(request, 'a mirror pod may not use ServiceAccountToken volume projections')
  }
}

function applyServiceAccount(pod: Pod, account: ServiceAccountObject, request: AdmissionRequest): void {
  const spec = pod.spec!
  if (/^(1|t|T|true|TRUE|True)$/.test(account.metadata.annotations?.[mountableSecretsAnnotation] ?? '')) {
    checkSecretReferences(pod, account, request)
  }
  const automount = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true
  if (automount) mountToken(pod, request)
  if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length) spec.imagePullSecrets = structuredClone(account.imagePullSecrets)
}

function mountToken(pod: Pod, { context }: AdmissionRequest): void {
  const spec = pod.spec!
  const existing = spec.volumes?.find(volume => volume.name.startsWith(volumeNamePrefix))
  const name = existing?.name ?? `${volumeNamePrefix}${context.random.suffix(5)}`
  let needed = false
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    if (container.volumeMounts?.some(mount => mount.mountPath === tokenMountPath)) continue
    container.volumeMounts = (container.volumeMounts ?? []).concat({ name, readOnly: true, mountPath: tokenMountPath })
    needed = true
  }
  if (existing === undefined && needed) spec.volumes = (spec.volumes ?? []).concat({ name, projected: tokenProjection })
}

/** For accounts that say which secrets their pods may use. */
function checkSecretReferences(pod: Pod, account: ServiceAccountObject, request: AdmissionRequest): void {
  const { name } = account.metadata
  const spec = pod.spec!
  const mountable = new Set((account.secrets ?? []).map(secret => secret.name))
  const refuse = (what: string, kind = 'secret') =>
    admissionForbidden(request, `${what} is not allowed because service account ${name} does not reference that ${kind}`)
  for (const { secret } of spec.volumes ?? []) {
    if (secret !== undefined && !mountable.has(secret.secretName)) throw refuse(`volume with secret.secretName="${secret.secretName}"`)
  }
  const checkContainers = (containers: readonly Container[] | undefined, title: string) => {
    for (const container of containers ?? []) {
      for (const { name: variable, valueFrom } of container.env ?? []) {
        const secret = valueFrom?.secretKeyRef?.name
        if (secret !== undefined && !mountable.has(secret)) {
          throw refuse(`${title} ${container.name} with envVar ${variable} referencing secret.secretName="${secret}"`)
        }
      }
      for (const { secretRef } of container.envFrom ?? []) {
        const secret = secretRef?.name
        if (secret !== undefined && !mountable.has(secret)) {
          throw refuse(`${title} ${container.name} with envFrom referencing secret.secretName="${secret}"`)
        }
      }
    }
  }
  checkContainers(spec.initContainers, 'init container')
  checkContainers(spec.containers, 'container')
  const pullable = new Set((account.imagePullSecrets ?? []).map(secret => secret.name))
  spec.imagePullSecrets?.forEach((secret, index) => {
    if (!pullable.has(secret.name)) throw refuse(`imagePullSecrets[${index}].name="${secret.name}"`, 'imagePullSecret')
  })
}
