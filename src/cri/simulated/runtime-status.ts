import { coxswainVersion } from '#base/version.ts'
import type { RuntimeCondition, RuntimeHandler, StatusResponse, VersionResponse } from '../gen/runtime.gen.ts'

/** Of every simulated runtime. Shared: never change it. */
export const simulatedVersion: VersionResponse = {
  $typeName: 'runtime.v1.VersionResponse',
  version: '0.1.0',
  runtimeName: 'simulated',
  runtimeVersion: coxswainVersion,
  runtimeApiVersion: 'v1',
}

const noHandlers: readonly string[] = []
const known = new WeakMap<readonly string[], Map<boolean, StatusResponse>>()

/**
 * Shared by all nodes with that list of handlers, so never change it: kubelets ask all the time, and see at once that it is the same.
 * @param runtimeHandlers beside the empty one
 */
export function statusOf({ isNetworkReady }: { isNetworkReady: boolean }, runtimeHandlers = noHandlers): StatusResponse {
  const statuses = known.get(runtimeHandlers) ?? new Map<boolean, StatusResponse>()
  const status = statuses.get(isNetworkReady) ?? newStatus(isNetworkReady, runtimeHandlers)
  known.set(runtimeHandlers, statuses.set(isNetworkReady, status))
  return status
}

function newStatus(isNetworkReady: boolean, runtimeHandlers: readonly string[]): StatusResponse {
  const conditions = [
    condition('RuntimeReady', true, '', ''),
    isNetworkReady
      ? condition('NetworkReady', true, '', '')
      : condition('NetworkReady', false, 'NetworkPluginNotReady', 'Network plugin returns error: cni plugin not initialized'),
  ]
  return {
    $typeName: 'runtime.v1.StatusResponse',
    status: { $typeName: 'runtime.v1.RuntimeStatus', conditions },
    info: {},
    runtimeHandlers: ['', ...runtimeHandlers].map(handler),
    features: { $typeName: 'runtime.v1.RuntimeFeatures', supplementalGroupsPolicy: true, userNamespacesHostNetwork: false },
  }
}

function condition(type: string, status: boolean, reason: string, message: string): RuntimeCondition {
  return { $typeName: 'runtime.v1.RuntimeCondition', type, status, reason, message }
}

function handler(name: string): RuntimeHandler {
  const features = { $typeName: 'runtime.v1.RuntimeHandlerFeatures', recursiveReadOnlyMounts: true, userNamespaces: true } as const
  return { $typeName: 'runtime.v1.RuntimeHandler', name, features }
}
