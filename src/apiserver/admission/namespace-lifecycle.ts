import type { Namespace } from '#api/core/v1/types.gen.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../registry/resource.ts'
import { admissionForbidden } from './forbidden.ts'

const immortalNamespaces: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public'])
const accessReviews = 'localsubjectaccessreviews'

/**
 * Nothing is made in a namespace that does not exist or is being terminated, and the namespaces that every cluster needs stay. Behaviour:
 * the admission plugin of that name.
 */
export class NamespaceLifecycle implements AdmissionPlugin {
  readonly name = 'NamespaceLifecycle'

  admit(request: AdmissionRequest): Promise<void> | undefined {
    const { operation, context } = request
    const isNamespace = context.resource.group === '' && context.resource.resource === 'namespaces'
    if (isNamespace) {
      if (operation === 'DELETE' && immortalNamespaces.has(context.name ?? '')) {
        throw admissionForbidden(request, 'this namespace may not be deleted')
      }
      return undefined
    }
    if (operation === 'DELETE' || operation === 'CONNECT' || !context.namespace || context.resource.resource === accessReviews)
      return undefined
    const store = context.stores.of<Namespace>({ group: '', resource: 'namespaces' })
    const namespace = store.peek(undefined, context.namespace)
    if (namespace !== undefined) return checkTermination(request, namespace)
    return store.get(undefined, context.namespace).then(found => checkTermination(request, found))
  }
}

function checkTermination(request: AdmissionRequest, { metadata: { name }, status }: Namespace): undefined {
  if (request.operation !== 'CREATE' || status?.phase !== 'Terminating') return undefined
  const error = admissionForbidden(request, `unable to create new content in namespace ${name} because it is being terminated`)
  const cause = { reason: 'NamespaceTerminating', message: `namespace ${name} is being terminated`, field: 'metadata.namespace' }
  error.status.details = { ...error.status.details, causes: [cause] }
  throw error
}
