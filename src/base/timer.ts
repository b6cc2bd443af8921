/** When a timer fires: only for `at` of the clock that gave it, or of a copy. */
export interface Due {
  /** As `monotonicMs` counts. */
  readonly atMs: number
  /** Of timers due at the same time the one with the lower order is first. */
  readonly order: number
}

export interface Timer extends Disposable {
  readonly due: Due
  cancel(): void
}
