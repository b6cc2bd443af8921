import { styleText } from 'node:util'

/** Something that start-up has done, and how long it took. */
export interface Step {
  what: string
  tookMs: number
}

/** One short line a step. */
export function printStep({ what, tookMs }: Step): void {
  process.stdout.write(`${styleText('green', '✓')} ${what} ${styleText('dim', `(${formatDuration(tookMs)})`)}\n`)
}

/** A line that people must not miss. */
export function printNotice(text: string): void {
  process.stdout.write(`${styleText('yellow', '!')} ${text}\n`)
}

function formatDuration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
