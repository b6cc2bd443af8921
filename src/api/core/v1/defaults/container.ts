import { canonicalResourceList } from '../resource-list.ts'
import type { AnyContainer } from '../containers.ts'
import type { HTTPGetAction, LifecycleHandler, Probe } from '../types.gen.ts'
import { defaultFieldSelector, defaultPullPolicy } from './volume.ts'

/** What upstream's SetDefaults_Container and those of its parts do. */
export function defaultContainer(container: AnyContainer): void {
  container.imagePullPolicy ||= defaultPullPolicy(container.image ?? '')
  container.terminationMessagePath ||= '/dev/termination-log'
  container.terminationMessagePolicy ||= 'File'
  for (const port of container.ports ?? []) port.protocol ||= 'TCP'
  for (const { valueFrom } of container.env ?? []) {
    defaultFieldSelector(valueFrom?.fieldRef)
    if (valueFrom?.fileKeyRef !== undefined) valueFrom.fileKeyRef.optional ??= false
    // A divisor is held by value upstream: a missing one is the quantity 0.
    if (valueFrom?.resourceFieldRef !== undefined) valueFrom.resourceFieldRef.divisor ||= '0'
  }
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe !== undefined) defaultProbe(probe)
  }
  defaultHandler(container.lifecycle?.postStart)
  defaultHandler(container.lifecycle?.preStop)
  if (container.securityContext !== undefined && container.securityContext.procMount === '') delete container.securityContext.procMount
  if (container.resources?.limits !== undefined) container.resources.limits = canonicalResourceList(container.resources.limits)
  if (container.resources?.requests !== undefined) container.resources.requests = canonicalResourceList(container.resources.requests)
}

function defaultProbe(probe: Probe): void {
  defaultHTTPGet(probe.httpGet)
  if (probe.grpc !== undefined) probe.grpc.service ??= ''
  probe.timeoutSeconds ||= 1
  probe.periodSeconds ||= 10
  probe.successThreshold ||= 1
  probe.failureThreshold ||= 3
}

function defaultHandler(handler: LifecycleHandler | undefined): void {
  defaultHTTPGet(handler?.httpGet)
}

function defaultHTTPGet(action: HTTPGetAction | undefined): void {
  if (action === undefined) return
  action.path ||= '/'
  action.scheme ||= 'HTTP'
}
