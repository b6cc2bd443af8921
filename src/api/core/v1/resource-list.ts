import { Quantity, QuantityError } from '#apimachinery/quantity/quantity.ts'

/** Amounts by resource name, as in API objects. */
export type ResourceList = Record<string, string>
/** The same, parsed. */
export type Quantities = Record<string, Quantity>

const nanosPerMilli = 1_000_000n

/** Nothing finer than a thousandth is kept: rounded away from zero. What is no quantity stays, for validation to find. */
export function canonicalResourceList(list: ResourceList): ResourceList {
  const result: ResourceList = {}
  for (const [name, text] of Object.entries(list)) {
    const quantity = tryParse(text)
    result[name] = quantity === undefined ? text : roundUpToMilli(quantity).toString()
  }
  return result
}

/** undefined for what is no quantity. Clients may write amounts as bare numbers. */
export function tryParse(text: unknown): Quantity | undefined {
  try {
    return Quantity.parse(String(text))
  } catch (error) {
    if (error instanceof QuantityError) return undefined
    throw error
  }
}

function roundUpToMilli(quantity: Quantity): Quantity {
  const rest = quantity.nanos % nanosPerMilli
  if (rest === 0n) return quantity
  return Quantity.ofMilli(quantity.nanos / nanosPerMilli + (quantity.nanos > 0n ? 1n : -1n), quantity.format)
}

/** What is no quantity counts as nothing. */
export function parseResourceList(list: ResourceList | undefined): Quantities {
  const result: Quantities = {}
  for (const name in list) {
    const quantity = tryParse(list[name])
    if (quantity !== undefined) result[name] = quantity
  }
  return result
}

export function printResourceList(list: Quantities): ResourceList {
  return Object.fromEntries(Object.entries(list).map(([name, quantity]) => [name, quantity.toString()]))
}

/** Adds `more` to `sum` in place. */
export function addResources(sum: Quantities, more: Quantities): void {
  for (const name in more) sum[name] = sum[name]?.add(more[name]!) ?? more[name]!
}

/** Raises `list` in place to at least `other`. */
export function maxResources(list: Quantities, other: Quantities): void {
  for (const name in other) {
    const own = list[name]
    if (own === undefined || own.cmp(other[name]!) < 0) list[name] = other[name]!
  }
}
