import type { TypeDescriptions } from './type-description.ts'

const seLinux = 'SELinux labels.'

/** What containers have besides their own fields: handlers, sources of variables, security, DNS. */
export const containers: TypeDescriptions = {
  ObjectFieldSelector: {
    description: 'A field of the pod.',
    fields: { apiVersion: 'Version that the path is written in; v1.', fieldPath: 'The field: metadata.name, status.podIP, …' },
  },
  ResourceFieldSelector: {
    description: 'A request or limit of a container.',
    fields: {
      containerName: "The container; in its own environment the container's own.",
      divisor: 'Unit of the value: 1m, 1Mi, …',
      resource: 'limits.cpu, requests.memory, …',
    },
  },
  FileKeySelector: {
    description: 'A variable out of a file in a volume.',
    fields: {
      key: 'Name of the variable in the file.',
      optional: 'Whether the file or the variable may be missing.',
      path: 'The file, in the volume.',
      volumeName: 'The volume, an emptyDir.',
    },
  },
  ConfigMapEnvSource: {
    description: 'All keys of a config map.',
    fields: { name: 'Name of the config map.', optional: 'Whether it may be missing.' },
  },
  SecretEnvSource: {
    description: 'All keys of a secret.',
    fields: { name: 'Name of the secret.', optional: 'Whether it may be missing.' },
  },
  LifecycleHandler: {
    description: 'What is done at a moment of the life of a container; exactly one is set.',
    fields: {
      exec: 'Runs a command in the container.',
      httpGet: 'Sends an HTTP request.',
      sleep: 'Waits.',
      tcpSocket: 'Not supported; kept for old manifests.',
    },
  },
  ExecAction: { description: 'A command in the container.', fields: { command: 'Program and arguments; no shell is involved.' } },
  HTTPGetAction: {
    description: 'An HTTP GET request.',
    fields: {
      host: "Host to connect to; the pod's address by default.",
      httpHeaders: 'Headers of the request.',
      path: 'Path of the request.',
      port: 'Number or name of the port.',
      scheme: 'HTTP or HTTPS; certificates are not checked.',
    },
  },
  HTTPHeader: { description: 'A header of a request.', fields: { name: 'Name.', value: 'Value.' } },
  SleepAction: { description: 'A pause.', fields: { seconds: 'How long.' } },
  TCPSocketAction: {
    description: 'A TCP connection that is opened and closed again.',
    fields: { host: "Host to connect to; the pod's address by default.", port: 'Number or name of the port.' },
  },
  GRPCAction: {
    description: 'A call of the gRPC health service.',
    fields: { port: 'Number of the port.', service: 'Service that is asked about; the server as a whole when empty.' },
  },
  ContainerResizePolicy: {
    description: 'What a change of one resource does to the container.',
    fields: { resourceName: 'cpu or memory.', restartPolicy: 'NotRequired or RestartContainer.' },
  },
  ResourceClaim: {
    description: "One of the pod's resource claims.",
    fields: { name: 'Its name in the pod.', request: 'The part of the claim that is meant; all of it by default.' },
  },
  ContainerRestartRule: {
    description: 'What is done when the container ends in a certain way.',
    fields: { action: 'Restart or RestartAllContainers.', exitCodes: 'Exit codes that the rule is for.' },
  },
  ContainerRestartRuleOnExitCodes: {
    description: 'A set of exit codes.',
    fields: { operator: 'In or NotIn.', values: 'The codes.' },
  },
  AppArmorProfile: {
    description: 'The AppArmor profile of processes.',
    fields: { localhostProfile: 'Name of a profile that is loaded on the node.', type: 'Localhost, RuntimeDefault or Unconfined.' },
  },
  SeccompProfile: {
    description: 'The system calls that processes may use.',
    fields: { localhostProfile: 'File below the seccomp folder of the node.', type: 'Localhost, RuntimeDefault or Unconfined.' },
  },
  Capabilities: {
    description: 'Linux capabilities, without CAP_.',
    fields: { add: 'Capabilities that are added.', drop: 'Capabilities that are taken away; ALL for every one.' },
  },
  SELinuxOptions: {
    description: seLinux,
    fields: { level: 'Level label.', role: 'Role label.', type: 'Type label.', user: 'User label.' },
  },
  WindowsSecurityContextOptions: {
    description: 'Security settings on Windows.',
    fields: {
      gmsaCredentialSpec: 'Specification of a group-managed service account.',
      gmsaCredentialSpecName: 'Its name.',
      hostProcess: 'Whether the container is a process of the host.',
      runAsUserName: 'User of the processes.',
    },
  },
  Sysctl: { description: 'A kernel parameter.', fields: { name: 'Name: net.core.somaxconn.', value: 'Value.' } },
  VolumeDevice: {
    description: 'A block device in a container.',
    fields: { devicePath: 'Path in the container.', name: 'Name of the volume.' },
  },
  PodDNSConfig: {
    description: 'DNS settings beside those of the DNS policy.',
    fields: {
      nameservers: 'Addresses of name servers, at most 3.',
      options: 'Options of the resolver.',
      searches: 'Domains in which short names are looked up, at most 32.',
    },
  },
  PodDNSConfigOption: { description: 'An option of the resolver.', fields: { name: 'Name.', value: 'Value, if it has one.' } },
  HostAlias: {
    description: "A line in the containers' /etc/hosts.",
    fields: { hostnames: 'Names of the address.', ip: 'The address.' },
  },
  PodOS: { description: 'The operating system that the pod is for.', fields: { name: 'linux or windows.' } },
  EphemeralContainer: {
    description: 'A container that was added to the running pod for debugging. It is not restarted.',
    fields: {
      args: "Arguments; the image's by default. $(NAME) stands for an environment variable.",
      command: "Program that is run instead of the image's entrypoint. $(NAME) stands for an environment variable.",
      image: 'Name of the image.',
      imagePullPolicy: 'When the image is pulled: Always, IfNotPresent or Never.',
      name: 'Name of the container, unique in the pod.',
      resizePolicy: 'Not for ephemeral containers.',
      restartPolicy: 'Not for ephemeral containers.',
      restartPolicyRules: 'Not for ephemeral containers.',
      stdin: 'Whether the container has a standard input.',
      stdinOnce: 'Whether standard input is closed when the first client goes.',
      targetContainerName: 'The container whose processes it sees.',
      terminationMessagePath: "File whose content becomes the container's last message.",
      terminationMessagePolicy: 'Where the last message comes from: File or FallbackToLogsOnError.',
      tty: 'Whether the container has a terminal.',
      volumeDevices: 'Block devices of the container.',
      workingDir: "Working directory; the image's by default.",
    },
  },
}
