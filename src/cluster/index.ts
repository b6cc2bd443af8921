/** Coxswain as a library: a whole cluster in this process. */
export { Cluster } from './cluster.ts'
export { ClusterSnapshot } from './cluster-snapshot.ts'
export { ClusterClient, type ExecResult } from './cluster-client.ts'
export type { ClusterFaults, WritePattern } from './cluster-faults.ts'
export type { Duration } from './duration.ts'
export type { BuiltInKinds, DynamicObject, ObjectOf } from './kinds.ts'
export type { MachineNodeGroup, NodeGroup } from './node-group.ts'
export type { SimulatedNodeGroup } from './simulated/node-group.ts'
export type { SimulatedNode } from './simulated/simulated-node.ts'
export type { SimulatedNodes } from './simulated/simulated-nodes.ts'
export type { ControllerName } from '#controller/manager.ts'
export { type ClusterFromSnapshotOptions, type ClusterOptions, startCluster } from './start-cluster.ts'
export { ClusterStopped, type ClusterTime, DeadlineExceeded, type WaitOptions } from './time.ts'
export {
  type ContainerContext,
  type ExecContext,
  type ExecFunction,
  type HTTPAnswer,
  type HTTPHandler,
  type HTTPQuestion,
  type ImageFunction,
  type ImageOptions,
  type ImageScript,
  type LogLine,
  type SimulatedImage,
  StopSignal,
} from '#cri/simulated/index.ts'
export type { Cause } from '#client/cause.ts'
export type { CollectionRef, ObjectRef, WatchEvent } from '#client/client.ts'
export type { Change, RecordedWrite, WriteEffect } from '#client/why.ts'
export type { Story } from '#kubectl/why/story.ts'
export { isAlreadyExists, isConflict, isExpired, isForbidden, isInvalid, isNotFound, StatusError } from '#apimachinery/status/status.ts'
export type {
  ConfigMap,
  Container,
  ContainerStatus,
  Event,
  Namespace,
  Node,
  Pod,
  PodSpec,
  PodStatus,
  Secret,
  Service,
  ServiceAccount,
} from '#api/core/v1/types.gen.ts'
export type { Failure } from '#apiserver/faults/failure.ts'
export type { FaultableRequest, RequestPattern } from '#apiserver/faults/request-pattern.ts'
export type { EventPattern, WatchedEvent } from '#apiserver/faults/watch-faults.ts'
export type { Fault, Occurrences } from '#base/fault-rules.ts'
