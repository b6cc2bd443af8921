import type { ConnectContext, Subresource } from '#apiserver/registry/resource.ts'

/** `…/NAME/proxy/PATH` with any method; `kind` is that of the options. */
export function proxySubresource(kind: string, connect: (name: string, context: ConnectContext) => Promise<void>): Subresource {
  return {
    type: 'connect',
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'],
    kind: { group: '', version: 'v1', kind },
    connect,
  }
}
