import type { TypeDescription, TypeDescriptions } from './type-description.ts'

const condition = (what: string, more: Record<string, string> = {}): TypeDescription => ({
  description: `One thing that is so or not about ${what}.`,
  fields: {
    lastTransitionTime: 'When the status changed last.',
    message: 'Why it is so, for people.',
    reason: 'Why it is so, in one word.',
    status: 'True, False or Unknown.',
    type: 'What it is about.',
    ...more,
  },
})

/** What is reported about pods, nodes, namespaces and services. */
export const statuses: TypeDescriptions = {
  PodCondition: condition('a pod', {
    lastProbeTime: 'When it was looked at last; not filled in.',
    observedGeneration: 'Generation of the pod that it is about.',
    type: 'PodScheduled, PodReadyToStartContainers, Initialized, ContainersReady, Ready, …',
  }),
  NodeCondition: condition('a node', {
    lastHeartbeatTime: 'When it was reported last.',
    type: 'Ready, MemoryPressure, DiskPressure, PIDPressure or NetworkUnavailable.',
  }),
  NamespaceCondition: condition('the removal of a namespace'),
  ContainerState: {
    description: 'What a container does; one of three.',
    fields: { running: 'It runs.', terminated: 'It has ended.', waiting: 'It does not run yet, or not again yet.' },
  },
  ContainerStateRunning: { description: 'A container that runs.', fields: { startedAt: 'Since when.' } },
  ContainerStateWaiting: {
    description: 'A container that does not run yet.',
    fields: { message: 'Why, for people.', reason: 'Why, in one word: ContainerCreating, CrashLoopBackOff, ImagePullBackOff, …' },
  },
  ContainerStateTerminated: {
    description: 'A container that has ended.',
    fields: {
      containerID: 'Runtime and id.',
      exitCode: 'Exit code of its first process.',
      finishedAt: 'When it ended.',
      message: 'What it said last.',
      reason: 'Why, in one word: Completed, Error, OOMKilled, …',
      signal: 'Signal that ended it.',
      startedAt: 'When it was started.',
    },
  },
  ContainerUser: { description: 'Who the first process of a container runs as.', fields: { linux: 'On Linux.' } },
  LinuxContainerUser: {
    description: 'Who the first process of a container ran as at its start.',
    fields: { gid: 'Group id.', supplementalGroups: 'Further groups.', uid: 'User id.' },
  },
  VolumeMountStatus: {
    description: 'How a volume is mounted.',
    fields: {
      mountPath: 'Folder in the container.',
      name: 'Name of the volume.',
      readOnly: 'Whether it is read-only.',
      recursiveReadOnly: 'Whether mounts below are read-only too: Disabled, IfPossible or Enabled.',
      volumeStatus: 'What else is known of the volume.',
    },
  },
  VolumeStatus: { description: 'What is known of a mounted volume.', fields: { image: 'Of an image volume.' } },
  ImageVolumeStatus: { description: 'What is known of an image volume.', fields: { imageRef: 'Digest of the image.' } },
  ResourceStatus: {
    description: 'Health of the devices of a resource.',
    fields: { name: 'Name of the resource.', resources: 'Its devices.' },
  },
  ResourceHealth: {
    description: 'Health of one device.',
    fields: { health: 'Healthy, Unhealthy or Unknown.', message: 'Why, for people.', resourceID: 'The device.' },
  },
  HostIP: { description: 'An address of the node.', fields: { ip: 'The address.' } },
  PodIP: { description: 'An address of the pod.', fields: { ip: 'The address.' } },
  PodResourceClaimStatus: {
    description: 'The claim that was made for an entry of the pod.',
    fields: { name: 'Name of the entry.', resourceClaimName: 'Name of the claim.' },
  },
  PodExtendedResourceClaimStatus: {
    description: 'The claim that was made for extended resources of the pod.',
    fields: { requestMappings: 'Which request is for which container.', resourceClaimName: 'Name of the claim.' },
  },
  ContainerExtendedResourceRequest: {
    description: 'A request of the claim for a container.',
    fields: { containerName: 'The container.', requestName: 'The request.', resourceName: 'The resource.' },
  },
  NodeAllocatableResourceClaimStatus: {
    description: "What a claim takes of the node's allocatable resources.",
    fields: { containers: 'Containers that use it.', resourceClaimName: 'Name of the claim.', resources: 'What it takes.' },
  },
  NodeAddress: {
    description: 'An address of a node.',
    fields: { address: 'The address or name.', type: 'Hostname, InternalIP, ExternalIP, InternalDNS or ExternalDNS.' },
  },
  ContainerImage: {
    description: 'An image on a node.',
    fields: { names: 'Its names, with tag and with digest.', sizeBytes: 'Its size.' },
  },
  NodeSystemInfo: {
    description: 'System, kernel and runtime of a node.',
    fields: {
      architecture: 'Architecture of the machine: amd64, arm64.',
      bootID: 'Changes with each boot.',
      containerRuntimeVersion: 'Runtime and its version.',
      kernelVersion: 'Version of the kernel.',
      kubeProxyVersion: 'No longer filled in.',
      kubeletVersion: 'Version of the kubelet.',
      machineID: 'Identity of the installed system.',
      operatingSystem: 'linux or windows.',
      osImage: 'Name of the system.',
      swap: 'Swap of the machine.',
      systemUUID: 'Identity of the machine.',
    },
  },
  NodeSwapStatus: { description: 'Swap of a machine.', fields: { capacity: 'Its size in bytes.' } },
  NodeDaemonEndpoints: { description: 'Ports of the daemons of a node.', fields: { kubeletEndpoint: "The kubelet's." } },
  DaemonEndpoint: { description: 'A port of a daemon.', fields: { Port: 'The port.' } },
  NodeFeatures: {
    description: 'What the runtime of a node can do.',
    fields: { supplementalGroupsPolicy: 'Whether it knows the policy for supplemental groups.' },
  },
  NodeRuntimeHandler: {
    description: 'A way to run containers.',
    fields: { features: 'What it can do.', name: 'Its name; empty for the default.' },
  },
  NodeRuntimeHandlerFeatures: {
    description: 'What a way to run containers can do.',
    fields: {
      recursiveReadOnlyMounts: 'Whether mounts below read-only ones can be read-only too.',
      userNamespaces: 'Whether pods can have users of their own.',
    },
  },
  AttachedVolume: { description: 'A volume that is attached to a node.', fields: { devicePath: 'Its device.', name: 'Its name.' } },
  NodeConfigSource: { description: 'No longer used.', fields: { configMap: 'No longer used.' } },
  ConfigMapNodeConfigSource: {
    description: 'No longer used.',
    fields: Object.fromEntries(
      ['kubeletConfigKey', 'name', 'namespace', 'resourceVersion', 'uid'].map(field => [field, 'No longer used.']),
    ),
  },
  NodeConfigStatus: {
    description: 'No longer used.',
    fields: { active: 'No longer used.', assigned: 'No longer used.', error: 'No longer used.', lastKnownGood: 'No longer used.' },
  },
  ServiceStatus: { description: 'How a service is doing.', fields: { loadBalancer: 'Its load balancer.' } },
  LoadBalancerStatus: { description: 'A load balancer.', fields: { ingress: 'Where traffic for the service is to be sent.' } },
  LoadBalancerIngress: {
    description: 'Where traffic for a service is to be sent.',
    fields: {
      hostname: 'A name.',
      ip: 'An address.',
      ipMode: 'Whether the address stays as it is on the way to the node: VIP or Proxy.',
      ports: 'Ports, with errors if there are any.',
    },
  },
  PortStatus: {
    description: 'A port of a load balancer.',
    fields: { error: 'What is wrong with it.', port: 'The port.', protocol: 'TCP, UDP or SCTP.' },
  },
  SessionAffinityConfig: { description: 'How a client stays with one pod.', fields: { clientIP: 'By its address.' } },
  ClientIPConfig: {
    description: 'How a client stays with one pod by its address.',
    fields: { timeoutSeconds: 'How long; 10800 by default.' },
  },
  EventSeries: {
    description: 'An event that goes on.',
    fields: { count: 'How often it happened.', lastObservedTime: 'When it was seen last.' },
  },
  EventSource: { description: 'Who saw an event.', fields: { component: 'The program.', host: 'The node.' } },
  EndpointSubset: {
    description: 'Addresses with the same ports.',
    fields: { addresses: 'Those that are ready.', notReadyAddresses: 'Those that are not.', ports: 'Their ports.' },
  },
  EndpointAddress: {
    description: 'An address behind a service.',
    fields: { hostname: 'Its host name.', ip: 'The address.', nodeName: 'Its node.' },
  },
  EndpointPort: {
    description: 'A port behind a service.',
    fields: { appProtocol: 'Protocol of the application, as a hint.', name: 'Its name.', port: 'The port.', protocol: 'TCP, UDP or SCTP.' },
  },
}
