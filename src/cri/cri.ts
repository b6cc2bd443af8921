/**
 * The Container Runtime Interface as Coxswain sees it: the verbs of upstream's CRI v1, one method each. A runtime is containerd (or any
 * other CRI socket) in `remote/`, or the simulated one.
 *
 * For every method: the request is a plain object, missing fields have protobuf's zero value, int64 fields are bigint. A failure of the
 * runtime is a CRIError. When `signal` is aborted the promise rejects with `signal.reason`; the runtime may still finish the work.
 */
import type { Duplex, Readable, Writable } from 'node:stream'
import type { DescMessage, MessageInitShape } from '@bufbuild/protobuf'
import type * as runtime from './gen/runtime.gen.ts'

type Init<Schema extends DescMessage> = MessageInitShape<Schema>

export type PodSandboxConfigInit = Init<typeof runtime.PodSandboxConfigSchema>
export type ContainerConfigInit = Init<typeof runtime.ContainerConfigSchema>
export type ImageSpecInit = Init<typeof runtime.ImageSpecSchema>

/** Sandboxes and containers. */
export interface RuntimeService {
  version(signal: AbortSignal): Promise<runtime.VersionResponse>
  /** Conditions (`RuntimeReady`, `NetworkReady`), runtime handlers with their features; `verbose` adds the runtime's own details. */
  status(request: Init<typeof runtime.StatusRequestSchema>, signal: AbortSignal): Promise<runtime.StatusResponse>
  /** cgroup driver of the runtime. Unimplemented before containerd 2.0. */
  runtimeConfig(signal: AbortSignal): Promise<runtime.RuntimeConfigResponse>
  updateRuntimeConfig(request: Init<typeof runtime.UpdateRuntimeConfigRequestSchema>, signal: AbortSignal): Promise<void>

  /** Creates and starts a sandbox with its network; it is ready when this resolves. Not idempotent: each call makes another sandbox. */
  runPodSandbox(request: Init<typeof runtime.RunPodSandboxRequestSchema>, signal: AbortSignal): Promise<runtime.RunPodSandboxResponse>
  /** Stops the sandbox and every container in it by force, and gives its network back. Idempotent: an absent sandbox counts as stopped. */
  stopPodSandbox(request: Init<typeof runtime.StopPodSandboxRequestSchema>, signal: AbortSignal): Promise<void>
  /** Removes the sandbox and every container in it. Idempotent. */
  removePodSandbox(request: Init<typeof runtime.RemovePodSandboxRequestSchema>, signal: AbortSignal): Promise<void>
  podSandboxStatus(
    request: Init<typeof runtime.PodSandboxStatusRequestSchema>,
    signal: AbortSignal,
  ): Promise<runtime.PodSandboxStatusResponse>
  listPodSandbox(request: Init<typeof runtime.ListPodSandboxRequestSchema>, signal: AbortSignal): Promise<runtime.ListPodSandboxResponse>
  updatePodSandboxResources(request: Init<typeof runtime.UpdatePodSandboxResourcesRequestSchema>, signal: AbortSignal): Promise<void>

  createContainer(request: Init<typeof runtime.CreateContainerRequestSchema>, signal: AbortSignal): Promise<runtime.CreateContainerResponse>
  /** Rejects when the program cannot be executed; ContainerStatus then says Exited, 128, StartError. */
  startContainer(request: Init<typeof runtime.StartContainerRequestSchema>, signal: AbortSignal): Promise<void>
  /** Sends the stop signal, and SIGKILL after `timeout` seconds; resolves when the container ended. Idempotent. */
  stopContainer(request: Init<typeof runtime.StopContainerRequestSchema>, signal: AbortSignal): Promise<void>
  /** Removes the container, by force when it still runs. Its log file stays. Idempotent. */
  removeContainer(request: Init<typeof runtime.RemoveContainerRequestSchema>, signal: AbortSignal): Promise<void>
  containerStatus(request: Init<typeof runtime.ContainerStatusRequestSchema>, signal: AbortSignal): Promise<runtime.ContainerStatusResponse>
  listContainers(request: Init<typeof runtime.ListContainersRequestSchema>, signal: AbortSignal): Promise<runtime.ListContainersResponse>
  updateContainerResources(request: Init<typeof runtime.UpdateContainerResourcesRequestSchema>, signal: AbortSignal): Promise<void>
  /** Makes the runtime open the container's log path again after it was moved away. */
  reopenContainerLog(request: Init<typeof runtime.ReopenContainerLogRequestSchema>, signal: AbortSignal): Promise<void>

  /** Runs a command to its end; DeadlineExceeded after `timeout` seconds (0: no limit). */
  execSync(request: Init<typeof runtime.ExecSyncRequestSchema>, signal: AbortSignal): Promise<runtime.ExecSyncResponse>
  /** Prepares a stream; the URL answers to one SPDY or WebSocket upgrade. */
  exec(request: Init<typeof runtime.ExecRequestSchema>, signal: AbortSignal): Promise<runtime.ExecResponse>
  attach(request: Init<typeof runtime.AttachRequestSchema>, signal: AbortSignal): Promise<runtime.AttachResponse>
  portForward(request: Init<typeof runtime.PortForwardRequestSchema>, signal: AbortSignal): Promise<runtime.PortForwardResponse>

  containerStats(request: Init<typeof runtime.ContainerStatsRequestSchema>, signal: AbortSignal): Promise<runtime.ContainerStatsResponse>
  /** Slow (2 ms a container): not for frequent calls. */
  listContainerStats(
    request: Init<typeof runtime.ListContainerStatsRequestSchema>,
    signal: AbortSignal,
  ): Promise<runtime.ListContainerStatsResponse>
  podSandboxStats(request: Init<typeof runtime.PodSandboxStatsRequestSchema>, signal: AbortSignal): Promise<runtime.PodSandboxStatsResponse>
  listPodSandboxStats(
    request: Init<typeof runtime.ListPodSandboxStatsRequestSchema>,
    signal: AbortSignal,
  ): Promise<runtime.ListPodSandboxStatsResponse>

  /**
   * What happens to sandboxes and containers from now on. The first event is always `Subscribed`: whatever was before it, the caller
   * lists. When any other event arrives, the state it speaks of is already what the status and list calls answer. Events of one container come in
   * order; `Created` and `Started` may be left out when a later one is there already.
   * Ends by throwing: CRIError when the connection breaks (subscribe again, then list again), `signal.reason` when aborted.
   */
  containerEvents(signal: AbortSignal): AsyncIterable<RuntimeEvent>
}

export interface ExecInit {
  readonly containerId: string
  readonly cmd: readonly string[]
  /** The command sees a terminal. */
  readonly tty?: boolean
}

export interface ExecStreams {
  readonly stdin: Readable | undefined
  readonly stdout: Writable | undefined
  readonly stderr: Writable | undefined
  readonly resizes: AsyncIterable<{ width: number; height: number }>
  /** Aborted when the caller is gone. */
  readonly signal: AbortSignal
}

/**
 * What a runtime in this process offers instead of streaming URLs: it carries exec, attach and port-forward itself. Rejects with CRIError
 * when the container cannot do it, with the signal's reason when the caller leaves.
 */
export interface InProcessStreams {
  /** Runs a command on the caller's streams. Resolves with its exit code; the streams are left open. */
  runExec(request: ExecInit, streams: ExecStreams): Promise<number>
  /** Joins the caller's streams to the container's. Resolves when the container ends or the caller leaves. */
  runAttach(request: { containerId: string }, streams: ExecStreams): Promise<void>
  /** Opens a connection to a port of the pod. */
  openPort(request: { podSandboxId: string; port: number }, signal: AbortSignal): Promise<Duplex>
}

/** Images of the node. */
export interface ImageService {
  listImages(request: Init<typeof runtime.ListImagesRequestSchema>, signal: AbortSignal): Promise<runtime.ListImagesResponse>
  /** An absent image is no error: `image` is then undefined. */
  imageStatus(request: Init<typeof runtime.ImageStatusRequestSchema>, signal: AbortSignal): Promise<runtime.ImageStatusResponse>
  /** Resolves with the reference (digest or ID) that containers should be made of. */
  pullImage(request: Init<typeof runtime.PullImageRequestSchema>, signal: AbortSignal): Promise<runtime.PullImageResponse>
  /** Removes every name of the image. Idempotent. */
  removeImage(request: Init<typeof runtime.RemoveImageRequestSchema>, signal: AbortSignal): Promise<void>
  imageFsInfo(signal: AbortSignal): Promise<runtime.ImageFsInfoResponse>
}

export type RuntimeEventType = 'Subscribed' | 'Created' | 'Started' | 'Stopped' | 'Deleted'

export interface RuntimeEvent {
  type: RuntimeEventType
  /** The container it happened to; a sandbox counts as a container whose ID is the sandbox's. Empty for `Subscribed`. */
  containerID: string
  /** Empty where the runtime has forgotten it. */
  podSandboxID: string
  /** UID of the pod as given in the sandbox' metadata; empty where the runtime has forgotten it. */
  podUID: string
}
