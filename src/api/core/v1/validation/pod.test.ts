import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { errorText } from '#apimachinery/validation/field-error.ts'
import { defaultPod } from '../defaults/pod.ts'
import type { Container, Pod, PodSpec } from '../types.gen.ts'
import { validatePodCreate } from './pod.ts'

const container: Container = { name: 'web', image: 'nginx' }

function pod(spec: Partial<PodSpec> = {}, metadata: Partial<Pod['metadata']> = {}): Pod {
  const object: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', namespace: 'default', ...metadata },
    spec: { containers: [container], ...spec },
  }
  const copy = structuredClone(object)
  defaultPod(copy)
  return copy
}

function web(more: Partial<Container>): Pod {
  return pod({ containers: [{ ...container, ...more }] })
}

const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const volumes = [{ name: 'data', emptyDir: {} }]

const cases: { name: string; have: Pod; want: string[] }[] = [
  { name: 'a minimal pod', have: pod(), want: [] },
  { name: 'no container', have: pod({ containers: [] }), want: ['spec.containers: Required value'] },
  { name: 'no image', have: pod({ containers: [{ name: 'web' }] }), want: ['spec.containers[0].image: Required value'] },
  {
    name: 'image with spaces',
    have: web({ image: ' nginx' }),
    want: ['spec.containers[0].image: Invalid value: " nginx": must not have leading or trailing whitespace'],
  },
  { name: 'container name', have: web({ name: 'Web' }), want: [`spec.containers[0].name: Invalid value: "Web": ${label}`] },
  {
    name: 'two containers of a name',
    have: pod({ containers: [container, container] }),
    want: ['spec.containers[1].name: Duplicate value: "web"'],
  },
  {
    name: 'restart policy',
    have: pod({ restartPolicy: 'Sometimes' }),
    want: ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'],
  },
  {
    name: 'pull policy',
    have: web({ imagePullPolicy: 'never' }),
    want: ['spec.containers[0].imagePullPolicy: Unsupported value: "never": supported values: "Always", "IfNotPresent", "Never"'],
  },
  {
    name: 'more requested than the limit',
    have: web({ resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }),
    want: ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
  },
  {
    name: 'negative resources',
    have: web({ resources: { requests: { memory: '-1' } } }),
    want: ['spec.containers[0].resources.requests[memory]: Invalid value: "-1": must be greater than or equal to 0'],
  },
  {
    name: 'unknown resource',
    have: web({ resources: { requests: { disk: '1' } } }),
    want: [
      'spec.containers[0].resources.requests[disk]: Invalid value: "disk": must be a standard resource type or fully qualified',
      'spec.containers[0].resources.requests[disk]: Invalid value: "disk": must be a standard resource for containers',
    ],
  },
  {
    name: 'extended resource without limit',
    have: web({ resources: { requests: { 'example.com/gpu': '1' } } }),
    want: ['spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources'],
  },
  {
    name: 'mount of no volume',
    have: web({ volumeMounts: [{ name: 'data', mountPath: '/data' }] }),
    want: ['spec.containers[0].volumeMounts[0].name: Not found: "data"'],
  },
  {
    name: 'two mounts at a path',
    have: pod({
      volumes,
      containers: [
        {
          ...container,
          volumeMounts: [
            { name: 'data', mountPath: '/x' },
            { name: 'data', mountPath: '/x' },
          ],
        },
      ],
    }),
    want: ['spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/x": must be unique'],
  },
  {
    name: 'two sources of a volume',
    have: pod({ volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/x' } }] }),
    want: ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type'],
  },
  {
    name: 'hostPath that climbs',
    have: pod({ volumes: [{ name: 'v', hostPath: { path: '/a/../b' } }] }),
    want: [`spec.volumes[0].hostPath.path: Invalid value: "/a/../b": must not contain '..'`],
  },
  {
    name: 'hostPath type',
    have: pod({ volumes: [{ name: 'v', hostPath: { path: '/a', type: 'Dir' } }] }),
    want: [
      'spec.volumes[0].hostPath.type: Unsupported value: "Dir": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
    ],
  },
  {
    name: 'file mode',
    have: pod({ volumes: [{ name: 'v', configMap: { name: 'c', defaultMode: 0o1000 } }] }),
    want: ['spec.volumes[0].configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive'],
  },
  {
    name: 'probe without handler',
    have: web({ livenessProbe: { initialDelaySeconds: -1, successThreshold: 2 } }),
    want: [
      'spec.containers[0].livenessProbe: Required value: must specify a handler type',
      'spec.containers[0].livenessProbe.initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0',
      'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
    ],
  },
  {
    name: 'probe with two handlers',
    have: web({ readinessProbe: { exec: { command: ['true'] }, tcpSocket: { port: 80 } } }),
    want: ['spec.containers[0].readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type'],
  },
  {
    name: 'probe of port 0',
    have: web({ readinessProbe: { httpGet: { port: 0 } } }),
    want: ['spec.containers[0].readinessProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive'],
  },
  {
    name: 'preStop that sleeps too long',
    have: web({ lifecycle: { preStop: { sleep: { seconds: 31 } } } }),
    want: [
      'spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)',
    ],
  },
  {
    name: 'init container with a probe',
    have: pod({ initContainers: [{ name: 'i', image: 'x', livenessProbe: { exec: { command: ['a'] } } }] }),
    want: ['spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always'],
  },
  {
    name: 'sidecar with a probe',
    have: pod({ initContainers: [{ name: 'i', image: 'x', restartPolicy: 'Always', livenessProbe: { exec: { command: ['a'] } } }] }),
    want: [],
  },
  {
    name: 'ports',
    have: web({ ports: [{ containerPort: 0 }, { containerPort: 70000, protocol: 'HTTP' }, { containerPort: 80, name: 'UPPER' }] }),
    want: [
      'spec.containers[0].ports[0].containerPort: Required value',
      'spec.containers[0].ports[1].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
      'spec.containers[0].ports[1].protocol: Unsupported value: "HTTP": supported values: "SCTP", "TCP", "UDP"',
      'spec.containers[0].ports[2].name: Invalid value: "UPPER": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      'spec.containers[0].ports[2].name: Invalid value: "UPPER": must contain at least one letter (a-z)',
    ],
  },
  {
    name: 'a host port twice',
    have: web({
      ports: [
        { containerPort: 80, hostPort: 80 },
        { containerPort: 81, hostPort: 80 },
      ],
    }),
    want: ['spec.containers[0].ports[1].hostPort: Duplicate value: "TCP//80"'],
  },
  {
    name: 'host network',
    have: pod({ hostNetwork: true, containers: [{ ...container, ports: [{ containerPort: 80, hostPort: 81 }] }] }),
    want: ['spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true'],
  },
  {
    name: 'environment',
    have: web({
      env: [
        { name: '' },
        { name: 'A=B' },
        { name: 'C', valueFrom: {} },
        { name: 'D', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ],
    }),
    want: [
      'spec.containers[0].env[0].name: Required value',
      `spec.containers[0].env[1].name: Invalid value: "A=B": a valid environment variable name must consist only of printable ASCII characters other than '='`,
      'spec.containers[0].env[2].valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      'spec.containers[0].env[3].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
    ],
  },
  {
    name: 'downward API',
    have: web({
      env: [
        { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } },
        { name: 'B', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
        { name: 'C', valueFrom: { fieldRef: { fieldPath: 'spec.none' } } },
        { name: 'D', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '2m' } } },
      ],
    }),
    want: [
      'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"',
      'spec.containers[0].env[2].valueFrom.fieldRef.fieldPath: Invalid value: "spec.none": error converting fieldPath: field label not supported: spec.none',
      `spec.containers[0].env[3].valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor's values 1m and 1 are supported with the cpu resource`,
    ],
  },
  {
    name: 'toleration without key',
    have: pod({ tolerations: [{ operator: 'Equal', value: 'x' }] }),
    want: [
      'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
    ],
  },
  {
    name: 'toleration seconds',
    have: pod({ tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 1 }] }),
    want: [`spec.tolerations[0].effect: Invalid value: "NoSchedule": effect must be 'NoExecute' when \`tolerationSeconds\` is set`],
  },
  {
    name: 'node affinity',
    have: pod({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In' }] }] },
        },
      },
    }),
    want: [
      "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ],
  },
  {
    name: 'DNS without config',
    have: pod({ dnsPolicy: 'None' }),
    want: ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
  },
  {
    name: 'privileged without escalation',
    have: web({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
    want: [
      'spec.containers[0].securityContext: Invalid value: {"privileged":true,"allowPrivilegeEscalation":false}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
    ],
  },
  {
    name: 'user ID',
    have: pod({ securityContext: { runAsUser: -1 } }),
    want: ['spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive'],
  },
  {
    name: 'sysctl of the host network',
    have: pod({ hostNetwork: true, securityContext: { sysctls: [{ name: 'net.ipv4.ip_forward', value: '1' }] } }),
    want: [`spec.securityContext.sysctls[0].name: Invalid value: "net.ipv4.ip_forward": may not be specified when 'hostNetwork' is true`],
  },
  {
    name: 'topology spread',
    have: pod({ topologySpreadConstraints: [{ maxSkew: 0, topologyKey: '', whenUnsatisfiable: 'Never' }] }),
    want: [
      'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
      'spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty',
      'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Never": supported values: "DoNotSchedule", "ScheduleAnyway"',
    ],
  },
  {
    name: 'gated and bound',
    have: pod({ nodeName: 'n', schedulingGates: [{ name: 'example.com/a' }] }),
    want: ['spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared'],
  },
  {
    name: 'ephemeral container from the start',
    have: pod({ ephemeralContainers: [{ name: 'debug', image: 'x' }] }),
    want: ['spec.ephemeralContainers: Forbidden: cannot be set on create'],
  },
  {
    name: 'token without service account',
    have: pod({ volumes: [{ name: 't', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }] }),
    want: ['spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set'],
  },
  {
    name: 'finalizer without domain',
    have: pod({}, { finalizers: ['mine'] }),
    want: ['metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified'],
  },
  {
    name: 'deadline',
    have: pod({ activeDeadlineSeconds: 0 }),
    want: ['spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
  },
  {
    name: 'pod-level requests below those of the containers',
    have: pod({ resources: { requests: { cpu: '1' } }, containers: [{ ...container, resources: { requests: { cpu: '2' } } }] }),
    want: ['spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2'],
  },
]

describe('validatePodCreate', () => {
  for (const { name, have, want } of cases) test(name, () => assert.deepEqual(validatePodCreate(have).map(errorText), want))
})
