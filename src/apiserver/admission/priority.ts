import type { Pod } from '#api/core/v1/types.gen.ts'
import type { AdmissionPlugin, AdmissionRequest, StoreLookup } from '../registry/resource.ts'
import { admissionForbidden } from './forbidden.ts'

export interface PriorityClass {
  value: number
  preemptionPolicy?: string
}

/** Always there, in every cluster. */
const systemClasses: Record<string, PriorityClass> = {
  'system-cluster-critical': { value: 2_000_000_000 },
  'system-node-critical': { value: 2_000_001_000 },
}

const defaultPreemptionPolicy = 'PreemptLowerPriority'

export interface PriorityOptions {
  /** Finds a PriorityClass that is an object; left out: there are only the system's. */
  classNamed?: (name: string, stores: StoreLookup) => PriorityClass | undefined
  /** The class of pods that name none. */
  globalDefault?: (stores: StoreLookup) => { name: string; class: PriorityClass } | undefined
}

/** Turns the name of a pod's priority class into its priority. Behaviour: the admission plugin of that name. */
export class Priority implements AdmissionPlugin {
  readonly name = 'Priority'
  readonly #options: PriorityOptions

  constructor(options: PriorityOptions = {}) {
    this.#options = options
  }

  admit(request: AdmissionRequest): void {
    const { operation, object, old, context } = request
    if (context.resource.group !== '' || context.resource.resource !== 'pods' || context.subresource !== undefined) return
    const { spec } = (object ?? {}) as Partial<Pod>
    if (spec === undefined) return
    if (operation === 'UPDATE') {
      const oldSpec = (old as Pod | undefined)?.spec
      if (spec.priority === undefined && oldSpec?.priority !== undefined) spec.priority = oldSpec.priority
      if (spec.preemptionPolicy === undefined && oldSpec?.preemptionPolicy !== undefined) spec.preemptionPolicy = oldSpec.preemptionPolicy
    }
    if (operation === 'CREATE') this.#setPriority(spec, request)
  }

  #setPriority(spec: NonNullable<Pod['spec']>, request: AdmissionRequest): void {
    const { value, preemptionPolicy = defaultPreemptionPolicy } = this.#classOf(spec, request)
    if (spec.priority !== undefined && spec.priority !== value) {
      const detail = `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`
      throw admissionForbidden(request, detail)
    }
    if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
      const detail = `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`
      throw admissionForbidden(request, detail)
    }
    spec.priority = value
    spec.preemptionPolicy = preemptionPolicy
  }

  #classOf(spec: NonNullable<Pod['spec']>, request: AdmissionRequest): PriorityClass {
    const { stores } = request.context
    if (!spec.priorityClassName) {
      const fallback = this.#options.globalDefault?.(stores)
      if (fallback === undefined) return { value: 0 }
      spec.priorityClassName = fallback.name
      return fallback.class
    }
    const found = systemClasses[spec.priorityClassName] ?? this.#options.classNamed?.(spec.priorityClassName, stores)
    if (found === undefined) throw admissionForbidden(request, `no PriorityClass with name ${spec.priorityClassName} was found`)
    return found
  }
}
