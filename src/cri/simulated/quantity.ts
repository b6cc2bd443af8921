const factors: Readonly<Record<string, number>> = {
  '': 1,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
}

/** A number, or text as in a container's resources (`250m`, `64Mi`). @throws Error for anything else */
export function amountOf(value: number | string): number {
  if (typeof value === 'number' && value >= 0) return value
  const [, digits, suffix] = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(String(value)) ?? []
  const factor = factors[suffix ?? 'none']
  if (digits === undefined || factor === undefined) throw new Error(`"${value}" is no amount of CPU or memory`)
  return Number(digits) * factor
}
