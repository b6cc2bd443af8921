import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** Collects a child's standard output; the function waits until it matches. */
export function outputOf(child: ChildProcess): (pattern: RegExp) => Promise<RegExpExecArray> {
  let text = ''
  child.stdout!.on('data', part => {
    text += part
  })
  return async pattern => {
    for (;;) {
      const match = pattern.exec(text)
      if (match !== null) return match
      await once(child.stdout!, 'data')
    }
  }
}
