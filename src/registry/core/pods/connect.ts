import { newBadRequest, newInvalid } from '#apimachinery/status/status.ts'
import { type FieldError, forbidden, invalid, notSupported, path } from '#apimachinery/validation/field-error.ts'
import type { ConnectContext, Subresource } from '#apiserver/registry/resource.ts'
import { containerNames } from '#api/core/v1/containers.ts'
import type { Pod, PodAttachOptions, PodExecOptions, PodLogOptions, PodPortForwardOptions } from '#api/core/v1/types.gen.ts'
import { notNegativeMessage } from '#api/core/v1/validation/names.ts'
import { proxySubresource } from '../../proxy-subresource.ts'

/** A container of a pod that is on a node. */
export interface ContainerTarget {
  pod: Pod
  container: string
}

type Options<T> = Omit<T, 'apiVersion' | 'kind'>

/** Who talks to the kubelets. Each answers the request in `context`, or throws a StatusError before anything was sent. */
export interface PodConnectHandlers {
  log(target: ContainerTarget, options: Options<PodLogOptions>, context: ConnectContext): Promise<void>
  exec(target: ContainerTarget, options: Options<PodExecOptions>, context: ConnectContext): Promise<void>
  attach(target: ContainerTarget, options: Options<PodAttachOptions>, context: ConnectContext): Promise<void>
  portforward(pod: Pod, options: Options<PodPortForwardOptions>, context: ConnectContext): Promise<void>
  /** `name` may be `[scheme:]pod[:port]`; the path behind is `context.rest`. */
  proxy(name: string, context: ConnectContext): Promise<void>
}

export function connectSubresources(handlers: PodConnectHandlers): Record<string, Subresource> {
  return {
    log: {
      type: 'connect',
      methods: ['GET'],
      kind: { group: '', version: 'v1', kind: 'Pod' },
      verb: 'get',
      connect: (name, context) => log(handlers, name, context),
    },
    exec: interactive('PodExecOptions', async (name, context) => {
      const options: Options<PodExecOptions> = { ...streamOptions(context.query), command: context.query.getAll('command') }
      await handlers.exec(await targetOf(name, options.container, context), options, context)
    }),
    attach: interactive('PodAttachOptions', async (name, context) => {
      const options = streamOptions(context.query)
      await handlers.attach(await targetOf(name, options.container, context), options, context)
    }),
    portforward: interactive('PodPortForwardOptions', async (name, context) => {
      const pod = await findPod(name, context)
      requireNode(pod)
      const ports = context.query
        .getAll('ports')
        .flatMap(text => text.split(','))
        .filter(Boolean)
        .map(Number)
      await handlers.portforward(pod, ports.length === 0 ? {} : { ports }, context)
    }),
    proxy: proxySubresource('PodProxyOptions', (name, context) => handlers.proxy(name, context)),
  }
}

function interactive(kind: string, connect: (name: string, context: ConnectContext) => Promise<void>): Subresource {
  return { type: 'connect', methods: ['GET', 'POST'], kind: { group: '', version: 'v1', kind }, connect }
}

async function findPod(name: string, context: ConnectContext): Promise<Pod> {
  return context.stores.of<Pod>({ group: '', resource: 'pods' }).get(context.namespace, name)
}

async function targetOf(name: string, container: string | undefined, context: ConnectContext): Promise<ContainerTarget> {
  const pod = await findPod(name, context)
  const target = { pod, container: chooseContainer(pod, container) }
  requireNode(pod)
  return target
}

function requireNode({ metadata, spec }: Pod): void {
  if (!spec.nodeName) throw newBadRequest(`pod ${metadata.name} does not have a host assigned`)
}

/** The one that was named, or the only one. */
export function chooseContainer({ metadata, spec }: Pod, name: string | undefined): string {
  const names = containerNames(spec)
  if (name) {
    if (!names.includes(name)) throw newBadRequest(`container ${name} is not valid for pod ${metadata.name}`)
    return name
  }
  if (spec.containers.length === 1) return spec.containers[0]!.name
  throw newBadRequest(`a container name must be specified for pod ${metadata.name}, choose one of: [${names.join(' ')}]`)
}

async function log(handlers: PodConnectHandlers, name: string, context: ConnectContext): Promise<void> {
  const options = logOptions(context.query)
  const errors = validateLogOptions(options)
  if (errors.length > 0) throw newInvalid({ group: '', kind: 'PodLogOptions' }, name, errors)
  const pod = await findPod(name, context)
  const container = chooseContainer(pod, options.container)
  if (pod.spec.nodeName) return handlers.log({ pod, container }, options, context)
  // Nothing runs yet, so there is nothing to tell; that is no failure.
  context.response.statusCode = 204
  context.response.end()
}

function isTrue(text: string | null): boolean {
  return text === 'true' || text === '1' || text === 'True' || text === 't' || text === ''
}

function streamOptions(query: URLSearchParams): Options<PodAttachOptions> {
  const options: Options<PodAttachOptions> = {}
  for (const name of ['stdin', 'stdout', 'stderr', 'tty'] as const) if (query.has(name)) options[name] = isTrue(query.get(name))
  const container = query.get('container')
  return container ? { ...options, container } : options
}

/** @throws StatusError BadRequest for what is no number. */
function logOptions(query: URLSearchParams): Options<PodLogOptions> {
  const options: Options<PodLogOptions> = {}
  for (const name of ['follow', 'previous', 'timestamps', 'insecureSkipTLSVerifyBackend'] as const) {
    if (query.has(name)) options[name] = isTrue(query.get(name))
  }
  for (const name of ['sinceSeconds', 'tailLines', 'limitBytes'] as const) {
    const text = query.get(name)
    if (text === null) continue
    if (!/^[+-]?\d+$/.test(text)) throw newBadRequest(`strconv.ParseInt: parsing "${text}": invalid syntax`)
    options[name] = Number(text)
  }
  for (const name of ['container', 'sinceTime', 'stream'] as const) {
    const text = query.get(name)
    if (text) options[name] = text
  }
  return options
}

const streams = ['All', 'Stderr', 'Stdout']

export function validateLogOptions({
  tailLines,
  limitBytes,
  sinceSeconds,
  sinceTime,
  stream = 'All',
}: Options<PodLogOptions>): FieldError[] {
  const errors: FieldError[] = []
  if (tailLines !== undefined && tailLines < 0) errors.push(invalid(path('tailLines'), tailLines, notNegativeMessage))
  if (limitBytes !== undefined && limitBytes < 1) errors.push(invalid(path('limitBytes'), limitBytes, 'must be greater than 0'))
  if (sinceSeconds !== undefined && sinceTime !== undefined) {
    errors.push(forbidden('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'))
  } else if (sinceSeconds !== undefined && sinceSeconds < 1) {
    errors.push(invalid(path('sinceSeconds'), sinceSeconds, 'must be greater than 0'))
  }
  if (!streams.includes(stream)) errors.push(notSupported(path('stream'), stream, streams))
  if (stream !== 'All' && tailLines !== undefined) {
    errors.push(forbidden('', '`tailLines` and specific `stream` are mutually exclusive for now'))
  }
  return errors
}
