import type { TokenReview } from '#api/authentication/v1/types.gen.ts'
import type { SubjectAccessReview } from '#api/authorization/v1/types.gen.ts'
import type { Client } from '#client/client.ts'
import type { KubeletRequest } from '#kubelet/server/request-attributes.ts'
import type { AuthorizationDecision } from '#kubelet/server/server.ts'

interface User {
  name: string
  groups: readonly string[]
}

/** The API server itself reaches kubelets with this certificate, for every exec and log: it need not be asked about itself. */
const apiserverUser = 'kube-apiserver-kubelet-client'

/**
 * Who may use the kubelet's server: the API server; others when a SubjectAccessReview allows them the nodes' subresource (authentication
 * and authorization mode `Webhook`).
 */
export function kubeletAuthorizer({ nodeName, client, signal }: { nodeName: string; client: Client; signal: AbortSignal }) {
  const userOf = async ({ clientCertificate, bearerToken }: KubeletRequest): Promise<User | undefined> => {
    if (clientCertificate !== undefined)
      return { name: clientCertificate.commonName, groups: [...clientCertificate.organizations, 'system:authenticated'] }
    if (bearerToken === undefined) return undefined
    const review: TokenReview = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      metadata: { name: '' },
      spec: { token: bearerToken },
    }
    const { status } = await client.create(review, signal)
    return status?.authenticated === true ? { name: status.user?.username ?? '', groups: status.user?.groups ?? [] } : undefined
  }
  const isAllowed = async (user: User, verb: string, subresource: string): Promise<boolean> => {
    const resourceAttributes = { verb, version: 'v1', resource: 'nodes', subresource, name: nodeName }
    const review: SubjectAccessReview = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: { name: '' },
      spec: { user: user.name, groups: [...user.groups], resourceAttributes },
    }
    return (await client.create(review, signal)).status?.allowed === true
  }
  return async (request: KubeletRequest): Promise<AuthorizationDecision> => {
    const user = await userOf(request)
    if (user === undefined) return { allowed: false, statusCode: 401, message: 'Unauthorized' }
    if (user.name === apiserverUser) return { allowed: true }
    for (const subresource of request.subresources) if (await isAllowed(user, request.verb, subresource)) return { allowed: true }
    const [subresource = 'proxy'] = request.subresources
    const message = `Forbidden (user=${user.name}, verb=${request.verb}, resource=nodes, subresource(s)=[${subresource}])`
    return { allowed: false, statusCode: 403, message }
  }
}
