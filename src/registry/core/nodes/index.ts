import type { ConnectContext, Resource, Strategy } from '#apiserver/registry/resource.ts'
import { defaultNode } from '#api/core/v1/defaults/objects.ts'
import { nodes } from '#api/core/v1/resources.ts'
import type { Node } from '#api/core/v1/types.gen.ts'
import { validateNode, validateNodeUpdate } from '#api/core/v1/validation/node.ts'
import { proxySubresource } from '../../proxy-subresource.ts'
import { nodeColumns } from './columns.ts'

const strategy: Strategy<Node> = {
  applyDefaults: defaultNode,
  validateCreate: validateNode,
  warningsOnCreate: warnings,
  prepareForUpdate(node, old) {
    if (old.status === undefined) delete node.status
    else node.status = old.status
  },
  validateUpdate: validateNodeUpdate,
  warningsOnUpdate: warnings,
  resetFields: [['status']],
}

const statusStrategy: Strategy<Node> = {
  ...strategy,
  prepareForUpdate(node, old) {
    node.spec = old.spec
  },
  warningsOnUpdate: () => [],
  resetFields: [['spec']],
}

function warnings({ spec }: Node): string[] {
  return [
    ...(spec.configSource === undefined ? [] : ['spec.configSource: the feature is removed']),
    ...(spec.externalID ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes'] : []),
  ]
}

export interface NodesOptions {
  /** Hands requests on to the node's kubelet. `name` may be `[scheme:]node[:port]`; the path behind is `context.rest`. */
  proxy?: ((name: string, context: ConnectContext) => Promise<void>) | undefined
}

export function nodesResource({ proxy }: NodesOptions): Resource<Node> {
  return {
    info: nodes,
    strategy,
    columns: nodeColumns,
    selectableFields: ({ spec }) => ({ 'spec.unschedulable': String(spec?.unschedulable ?? false) }),
    subresources: {
      status: { type: 'update', strategy: statusStrategy },
      ...(proxy === undefined ? {} : { proxy: proxySubresource('NodeProxyOptions', proxy) }),
    },
  }
}
