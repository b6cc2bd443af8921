import { aggregatedRules } from '#api/rbac/v1/aggregation.ts'
import { deepEqual } from '#apimachinery/value/json-value.ts'
import type { ClusterRole } from '#api/rbac/v1/types.gen.ts'
import { waitForSync } from '#client/informer.ts'
import { WorkQueue } from '#client/workqueue.ts'
import type { Controller, ControllerContext } from '../controller.ts'

/** Keeps the rules of aggregated cluster roles (admin, edit, view) those of the roles they select. */
export class ClusterRoleAggregationController implements Controller {
  readonly #context: ControllerContext

  constructor(context: ControllerContext) {
    this.#context = context
  }

  async run(signal: AbortSignal): Promise<void> {
    const { informers, client, clock, log } = this.#context
    const queue = new WorkQueue<string>({ clock })
    const roles = informers.of<ClusterRole>({ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole' })
    await waitForSync([roles], signal)
    const aggregated = new Set<string>()
    // Any change may be one of a selected role; there are few aggregated ones.
    using _events = roles.onChange(({ object: { metadata, aggregationRule } }) => {
      if (aggregationRule === undefined) aggregated.delete(metadata.name)
      else aggregated.add(metadata.name)
      for (const name of aggregated) queue.add(name)
    })
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
