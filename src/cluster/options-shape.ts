import { aggregateText, type FieldError, invalid, path, typeInvalid } from '#apimachinery/validation/field-error.ts'
import { boolean, either, integer, list, map, number, object, oneOf, type Shape, text } from '#apimachinery/validation/shape.ts'
import { ClusterSnapshot } from './cluster-snapshot.ts'
import { parseDuration } from './duration.ts'
import { simulatedNodeGroup, taint } from './simulated/node-group.ts'

/** Parts of the caller's own: nobody looks further into them. */
function having(method: string, noun: string): Shape<object> {
  const fits = (value: unknown) => typeof value === 'object' && value !== null && typeof Reflect.get(value, method) === 'function'
  return { schema: {}, noun, fits, read: value => value as object }
}

const duration: Shape<number | string> = {
  ...either(number({ min: 0 }), text()),
  noun: 'a duration, such as "10m"',
  read: (value, at, errors) => {
    try {
      parseDuration(value as number | string)
    } catch (error) {
      errors.push(invalid(at, value, (error as Error).message))
    }
    return value as number | string
  },
}

const simulated = simulatedNodeGroup(integer({ min: 0 }))
const machine = object(
  { runtime: oneOf('containerd'), count: oneOf(1) },
  { labels: map(text()), taints: list(taint), name: text(), offline: boolean() },
)

/** Simulated nodes, or this machine. */
const nodeGroup: Shape<object> = {
  ...simulated,
  noun: 'an object such as { count: 3 }',
  read: (value, at, errors) => {
    const { runtime } = value as { runtime?: unknown }
    return (runtime === 'containerd' ? machine : simulated).read(value, at, errors)
  },
}

const engine = having('watch', 'an engine')
const seed = integer({ min: Number.MIN_SAFE_INTEGER })
const place = { host: text(), port: integer({ min: 0, max: 65_535 }) }

const ofNewClusters = object(
  {},
  {
    storage: either(oneOf('memory'), engine, object({ sqlite: text() }, {})),
    nodes: either(list(nodeGroup), nodeGroup),
    controllers: list(text()),
    images: object({}, { unknown: oneOf('run', 'not found'), pullMs: number({ min: 0 }) }),
    clock: either(oneOf('real', 'virtual'), having('now', 'a Clock')),
    seed,
    history: duration,
    pkiFolder: text(),
    api: object({}, { ...place, advertiseAddress: text() }),
    serviceCIDR: text(),
    contextName: text(),
    random: having('next', 'a Random'),
    log: having('info', 'a Logger'),
  },
)

const snapshot: Shape<ClusterSnapshot> = {
  schema: {},
  noun: 'what cluster.snapshot() has answered',
  fits: value => value instanceof ClusterSnapshot,
  read: value => value as ClusterSnapshot,
}

const ofCopies = object({ from: snapshot }, { seed, api: object({}, place), clock: having('now', 'a Clock'), storage: engine })

/** @throws TypeError that tells each option that is wrong or that there is not, and what it may be: whoever writes JavaScript has no compiler that would */
export function checkOptions(options: object): void {
  const shape: Shape<object> = typeof options === 'object' && options !== null && 'from' in options ? ofCopies : ofNewClusters
  const errors: FieldError[] = []
  if (shape.fits(options)) shape.read(options, path(), errors)
  else errors.push(typeInvalid(path('options'), options, `must be ${shape.noun} such as { nodes: { count: 3 }, clock: "virtual" }`))
  if (errors.length > 0) throw new TypeError(`a cluster cannot start with these options: ${aggregateText(errors)}`)
}

/** @throws TypeError */
export function checkNodeGroups(groups: readonly object[]): void {
  const errors: FieldError[] = []
  groups.forEach((group, index) => {
    const at = path('nodes').index(index)
    if (nodeGroup.fits(group)) nodeGroup.read(group, at, errors)
    else errors.push(typeInvalid(at, group, `must be ${nodeGroup.noun}`))
  })
  if (errors.length > 0) throw new TypeError(`these nodes make no sense: ${aggregateText(errors)}`)
}
