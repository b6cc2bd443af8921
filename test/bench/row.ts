/** One measured number. */
export interface Row {
  /** What was measured, with its circumstances: `storage: durable commits, 64 clients`. */
  name: string
  /** NaN when it could not be measured; `note` then says why. */
  value: number
  /** `/s`, `ms`, `µs`, `MB`, … */
  unit: string
  /** What we promise, in `unit`. */
  budget?: Budget
  /** The same work done by others, measured in the same run on the same machine. */
  beside?: Comparison[]
  note?: string
}

export type Budget = { atLeast: number } | { atMost: number }

export interface Comparison {
  /** `etcd`. */
  what: string
  /** Measured, in the row's unit. */
  value: number
}

/** `ok`, or by how much of itself the budget is missed: `missed by 12 %`; '' without a budget. */
export function verdictOf({ value, budget }: Row): string {
  if (budget === undefined || Number.isNaN(value)) return ''
  const missedBy = 'atLeast' in budget ? 1 - value / budget.atLeast : value / budget.atMost - 1
  return missedBy <= 0 ? 'ok' : `missed by ${Math.max(1, Math.round(missedBy * 100))} %`
}

/** Adds why the budget is missed, if it is. */
export function withReason(row: Row, reason: string): Row {
  const isMissed = !['', 'ok'].includes(verdictOf(row))
  return isMissed ? { ...row, note: row.note === undefined ? reason : `${row.note}; ${reason}` } : row
}

/** The same number of a faster or slower run of the same thing, as text: `3.1 × etcd (2,412)`. */
export function comparisonText({ value }: Row, { what, value: theirs }: Comparison): string {
  return `${(value / theirs).toPrecision(2)} × ${what} (${formatNumber(theirs)})`
}

/** Three significant digits, none lost before the point: 12,345; 123; 12.3; 1.23. */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return '-'
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 0.01))))
  return value.toLocaleString('en-US', { maximumFractionDigits: digits })
}
