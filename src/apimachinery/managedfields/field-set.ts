/**
 * A set of field paths in the JSON form of FieldsV1: a tree whose keys are path elements (`f:spec`, `k:{"name":"web"}`, `v:"x"`). An empty
 * node is a member; a member with descendants carries the key `.`. Trees are never changed after they are made, so they may be shared.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet
}

export const emptySet: FieldSet = Object.freeze({})
/** A member without descendants. */
export const leaf: FieldSet = emptySet

const self = '.'

export function isEmpty(set: FieldSet): boolean {
  for (const _ in set) return false
  return true
}

const fieldElements = new Map<string, string>()
const fieldElementsMax = 10_000

/** The path element of a field: `f:spec` for `spec`. One copy of each: making it anew takes longer than all the rest of a comparison. */
export function fieldElement(name: string): string {
  const known = fieldElements.get(name)
  if (known !== undefined) return known
  // Keys of maps may be anything.
  if (fieldElements.size >= fieldElementsMax) fieldElements.clear()
  const element = `f:${name}`
  fieldElements.set(name, element)
  return element
}

/** Whether a node (not the root) is itself in the set. */
export function isMember(node: FieldSet): boolean {
  return node[self] !== undefined || isEmpty(node)
}

/** The node's subtree as a set of its own. */
export function childrenOf(node: FieldSet): FieldSet {
  if (node[self] === undefined) return node
  const { [self]: _, ...children } = node
  return children
}

/** A node from its parts; undefined when nothing is in it. */
export function nodeOf(member: boolean, children: FieldSet): FieldSet | undefined {
  if (isEmpty(children)) return member ? leaf : undefined
  return member ? { [self]: leaf, ...children } : children
}

/** Answers `a` itself when `b` adds nothing. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmpty(b)) return a
  if (isEmpty(a)) return b
  let result: Record<string, FieldSet> | undefined
  for (const key in b) {
    const mine = a[key]
    const joined = mine === undefined ? b[key]! : unionOfNodes(mine, b[key]!)
    if (joined === mine) continue
    result ??= { ...a }
    result[key] = joined
  }
  return result ?? a
}

/** The keys that say that a node is a member are joined as the others are; only a leaf has none. */
function unionOfNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (isEmpty(a)) return isEmpty(b) ? a : asMember(b)
  return isEmpty(b) ? asMember(a) : union(a, b)
}

function asMember(node: FieldSet): FieldSet {
  return node[self] === undefined ? { [self]: leaf, ...node } : node
}

/** What is in `a` and not in `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return subtract(a, b, false)
}

/** As `difference`, and what lies below a member of `b` goes too. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  return subtract(a, b, true)
}

/** Answers `a` itself when nothing of it is in `b`. */
function subtract(a: FieldSet, b: FieldSet, recursive: boolean): FieldSet {
  let changes: Map<string, FieldSet | undefined> | undefined
  for (const key in b) {
    const mine = a[key]
    if (mine === undefined || key === self) continue
    const rest = subtractNode(mine, b[key]!, recursive)
    if (rest === mine) continue
    changes ??= new Map()
    changes.set(key, rest)
  }
  if (changes === undefined) return a
  const result: Record<string, FieldSet> = {}
  for (const key in a) {
    const node = changes.has(key) ? changes.get(key) : a[key]
    if (node !== undefined) result[key] = node
  }
  return result
}

/** What is left of a node; undefined for nothing. */
function subtractNode(mine: FieldSet, other: FieldSet, recursive: boolean): FieldSet | undefined {
  const otherIsMember = isMember(other)
  if (isEmpty(mine)) return otherIsMember ? undefined : mine
  if (otherIsMember && recursive) return undefined
  const kept = subtract(mine, other, recursive)
  if (kept === mine && !(otherIsMember && mine[self] !== undefined)) return mine
  return nodeOf(!otherIsMember && mine[self] !== undefined, childrenOf(kept))
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const result: Record<string, FieldSet> = {}
  for (const key in a) {
    const other = b[key]
    if (other === undefined || key === self) continue
    const mine = a[key]!
    const node = nodeOf(isMember(mine) && isMember(other), intersection(childrenOf(mine), childrenOf(other)))
    if (node !== undefined) result[key] = node
  }
  return result
}

/** From lists of field names: `[['spec'], ['metadata', 'labels']]`. */
export function setOfPaths(paths: readonly (readonly string[])[]): FieldSet {
  let result: FieldSet = emptySet
  for (const path of paths)
    result = union(
      result,
      path.reduceRight<FieldSet>((below, name) => ({ [fieldElement(name)]: below }), leaf),
    )
  return result
}

const elementOrder: Record<string, number> = { '.': 0, f: 1, k: 2, v: 3, i: 4 }

function compareElements(a: string, b: string): number {
  const order = (elementOrder[a[0]!] ?? 5) - (elementOrder[b[0]!] ?? 5)
  if (order !== 0) return order
  return a < b ? -1 : a > b ? 1 : 0
}

/** The same set with its keys in upstream's order; what is in order already is not copied. */
export function sorted(set: FieldSet): FieldSet {
  if (!isInOrder(set)) {
    const result: Record<string, FieldSet> = {}
    for (const key of sortedKeys(set)) result[key] = sorted(set[key]!)
    return result
  }
  let result: Record<string, FieldSet> | undefined
  for (const key in set) {
    const child = sorted(set[key]!)
    if (child === set[key]) continue
    result ??= { ...set }
    result[key] = child
  }
  return result ?? set
}

function isInOrder(set: FieldSet): boolean {
  let previous = ''
  for (const key in set) {
    if (previous !== '' && compareElements(previous, key) > 0) return false
    previous = key
  }
  return true
}

/** Apart from indices, which come last, elements are in the order of their code units. */
function sortedKeys(set: FieldSet): string[] {
  const keys = Object.keys(set)
  return keys.some(key => key[0] === 'i') ? keys.sort(compareElements) : keys.sort()
}

/** All members as text: `.spec.containers[name="x"].image`. */
export function pathsOf(set: FieldSet, prefix = ''): string[] {
  const paths: string[] = []
  for (const key of Object.keys(set).sort(compareElements)) {
    if (key === self) continue
    const path = prefix + elementText(key)
    if (isMember(set[key]!)) paths.push(path)
    paths.push(...pathsOf(childrenOf(set[key]!), path))
  }
  return paths
}

/** `f:spec` is `.spec`, `k:{"name":"x"}` is `[name="x"]`, `v:"x"` is `[="x"]`. */
export function elementText(element: string): string {
  const body = element.slice(2)
  switch (element[0]) {
    case 'f':
      return `.${body}`
    case 'k': {
      const keys = JSON.parse(body) as Record<string, unknown>
      return `[${Object.entries(keys)
        .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
        .join(',')}]`
    }
    case 'v':
      return `[=${body}]`
    default:
      return `[${body}]`
  }
}

const depthMax = 200

/** Whether a value that came from outside is a FieldsV1. */
export function isFieldSet(value: unknown, depth = 0): value is FieldSet {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || depth > depthMax) return false
  for (const key in value) {
    if (key !== self && !isPathElement(key)) return false
    if (!isFieldSet((value as Record<string, unknown>)[key], depth + 1)) return false
  }
  return true
}

function isPathElement(key: string): boolean {
  if (key[1] !== ':') return false
  if (key[0] === 'f') return true
  if (key[0] === 'i') return /^i:\d+$/.test(key)
  if (key[0] !== 'k' && key[0] !== 'v') return false
  try {
    const value = JSON.parse(key.slice(2))
    return key[0] === 'v' || (typeof value === 'object' && value !== null && !Array.isArray(value))
  } catch {
    return false
  }
}
