import { newBadRequest } from '../status/status.ts'
import { goText, isObject } from '../value/json-value.ts'

/** What tells an element from the others: the value of its merge key, or the scalar itself. */
function identity(item: unknown, mergeKey: string | undefined): unknown {
  return mergeKey === undefined || !isObject(item) ? item : item[mergeKey]
}

function positionsOf(list: readonly unknown[], mergeKey: string | undefined): Map<unknown, number> {
  const positions = new Map<unknown, number>()
  list.forEach((item, index) => {
    const key = identity(item, mergeKey)
    if (!positions.has(key)) positions.set(key, index)
  })
  return positions
}

/**
 * Orders a merged list: elements named in `order` as there, the others as in `server`; where both orders say nothing about each other,
 * elements of `order` come first.
 */
export function orderMerged(merged: unknown[], order: unknown[], server: unknown[], mergeKey: string | undefined): unknown[] {
  const orderPositions = positionsOf(order, mergeKey)
  const serverPositions = positionsOf(server, mergeKey)
  const by = (positions: Map<unknown, number>) => (a: unknown, b: unknown) => {
    const left = positions.get(identity(a, mergeKey))
    const right = positions.get(identity(b, mergeKey))
    return left === undefined || right === undefined ? 0 : left - right
  }
  const patched = merged.filter(item => orderPositions.has(identity(item, mergeKey))).sort(by(orderPositions))
  const serverOnly = merged.filter(item => !orderPositions.has(identity(item, mergeKey))).sort(by(serverPositions))
  const result = new Array<unknown>(merged.length)
  let [length, next] = [0, 0]
  for (const item of patched) {
    const position = serverPositions.get(identity(item, mergeKey))
    while (position !== undefined && next < serverOnly.length) {
      const other = serverPositions.get(identity(serverOnly[next], mergeKey))
      if (other === undefined || other >= position) break
      result[length++] = serverOnly[next++]
    }
    result[length++] = item
  }
  while (next < serverOnly.length) result[length++] = serverOnly[next++]
  return result
}

/** `$setElementOrder` must name the elements of the patch's list in the same order. */
export function validateElementOrder(patch: unknown[], order: unknown[], mergeKey: string | undefined): void {
  const present = patch.filter(item => !isObject(item) || item['$patch'] === undefined)
  if (present.length === 0 || order.length === 0) return
  let next = 0
  for (const item of order) {
    if (next < present.length && identity(present[next], mergeKey) === identity(item, mergeKey)) next++
  }
  if (next < present.length) {
    throw newBadRequest(`The order in patch list:\n${goText(patch)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`)
  }
}
