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

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmpty(b)) return a
  if (isEmpty(a)) return b
  const result: Record<string, FieldSet> = { ...a }
  for (const key in b) {
    const mine = result[key]
    result[key] = mine === undefined ? b[key]! : unionOfNodes(mine, b[key]!)
  }
  return result
}

function unionOfNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a
  return nodeOf(isMember(a) || isMember(b), union(childrenOf(a), childrenOf(b)))!
}

/** What is in `a` and not in `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return subtract(a, b, false)
}

/** As `difference`, and what lies below a member of `b` goes too. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  return subtract(a, b, true)
}

function subtract(a: FieldSet, b: FieldSet, recursive: boolean): FieldSet {
  if (isEmpty(a) || isEmpty(b)) return a
  let result: Record<string, FieldSet> | undefined
  for (const key in b) {
    const mine = a[key]
    if (mine === undefined || key === self) continue
    const other = b[key]!
    const otherIsMember = isMember(other)
    let rest: FieldSet | undefined
    if (!otherIsMember || !recursive) {
      const children = childrenOf(mine)
      const kept = subtract(children, childrenOf(other), recursive)
      if (kept === children && !(otherIsMember && isMember(mine))) continue
      rest = nodeOf(isMember(mine) && !otherIsMember, kept)
    }
    result ??= { ...a }
    if (rest === undefined) delete result[key]
    else result[key] = rest
  }
  return result ?? a
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
      path.reduceRight<FieldSet>((below, name) => ({ [`f:${name}`]: below }), leaf),
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
  let previous = ''
  let isSorted = true
  for (const key in set) {
    if (previous !== '' && compareElements(previous, key) > 0) isSorted = false
    if (sorted(set[key]!) !== set[key]) isSorted = false
    if (!isSorted) break
    previous = key
  }
  if (isSorted) return set
  const result: Record<string, FieldSet> = {}
  for (const key of Object.keys(set).sort(compareElements)) result[key] = sorted(set[key]!)
  return result
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
