/** One measured number. */
export interface Row {
  /** What was measured, with its circumstances: `storage: durable commits, 64 clients`. */
  name: string
  value: number
  /** `/s`, `ms`, `µs`, `MB`, … */
  unit: string
  /** What we promise, as text: `≥ 5,000/s`. */
  budget?: string
  note?: string
}
