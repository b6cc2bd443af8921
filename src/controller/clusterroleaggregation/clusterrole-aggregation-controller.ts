import { aggregatedRules } from '#api/rbac/v1/aggregation.ts'
import { deepEqual } from '#apimachinery/value/json-value.ts'
import type { ClusterRole } from '#api/rbac/v1/types.gen.ts'
import { waitForSync } from '#client/informer.ts'
import { WorkQueue } from '#client/workqueue.ts'
import type { Controller, ControllerContext, ControllerState } from '../controller.ts'

/** Keeps the rules of aggregated cluster roles (admin, edit, view) those of the roles they select. */
export class ClusterRoleAggregationController implements Controller {
  readonly #context: ControllerContext
  readonly #queue: WorkQueue<string>

  constructor(context: ControllerContext) {
    this.#context = context
    this.#queue = new WorkQueue({ clock: context.clock }, context.state?.queue)
  }

  get state(): ControllerState {
    return { queue: this.#queue.state }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { informers, client, log } = this.#context
    const queue = this.#queue
    const isKnown = this.#context.state !== undefined
    const roles = informers.of<ClusterRole>({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' })
    await waitForSync([roles], signal)
    const known = isKnown ? roles.list().filter(({ aggregationRule }) => aggregationRule !== undefined) : []
    const aggregated = new Set(known.map(({ metadata }) => metadata.name))
    // Any change may be one of a selected role; there are few aggregated ones.
    using _events = roles.onChange(
      ({ object: { metadata, aggregationRule } }) => {
        if (aggregationRule === undefined) aggregated.delete(metadata.name)
        else aggregated.add(metadata.name)
        for (const name of aggregated) queue.add(name)
      },
      { isKnown },
    )
    await queue.run(
      { workers: 1, onError: (role, error) => log.warn('cannot aggregate cluster roles', { role, error }) },
      async (name, inner) => {
        const role = roles.get(name)
        if (role?.aggregationRule === undefined) return
        const rules = aggregatedRules(role, roles.list())
        if (deepEqual(rules, role.rules ?? [])) return
        await client.update({ ...role, rules }, inner)
      },
      signal,
    )
  }
}
