import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import type { AdmissionPlugin, AdmissionRequest, RequestContext } from '../registry/resource.ts'

/** All admission plugins, called in order. Nothing is awaited unless a plugin makes it so. */
export class AdmissionChain {
  readonly #admitting: readonly AdmissionPlugin[]
  readonly #validating: readonly AdmissionPlugin[]

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#admitting = plugins.filter(plugin => plugin.admit !== undefined)
    this.#validating = plugins.filter(plugin => plugin.validate !== undefined)
  }

  /** @throws StatusError (or rejects with it) when a plugin refuses */
  admit(
    operation: AdmissionRequest['operation'],
    object: KubeObject | undefined,
    old: KubeObject | undefined,
    context: RequestContext,
  ): Promise<void> | undefined {
    return callEach(this.#admitting, 'admit', { operation, object, old, context }, 0)
  }

  /** @throws StatusError (or rejects with it) when a plugin refuses */
  validate(
    operation: AdmissionRequest['operation'],
    object: KubeObject | undefined,
    old: KubeObject | undefined,
    context: RequestContext,
  ): Promise<void> | undefined {
    return callEach(this.#validating, 'validate', { operation, object, old, context }, 0)
  }
}

function callEach(
  plugins: readonly AdmissionPlugin[],
  method: 'admit' | 'validate',
  request: AdmissionRequest,
  start: number,
): Promise<void> | undefined {
  for (let index = start; index < plugins.length; index++) {
    const answer = plugins[index]![method]!(request)
    if (answer !== undefined) return answer.then(() => callEach(plugins, method, request, index + 1))
  }
  return undefined
}
