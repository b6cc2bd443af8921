import type { ShellStreams } from './host.ts'
import { Interrupted, Interruption } from './interruption.ts'
import { LineInput } from './line-input.ts'
import { parseShell, ShellSyntaxError } from './parse.ts'
import type { Shell } from './shell.ts'

const exitCodeOfInterrupt = 130

/** A shell that is told what to do line by line, as soon as a line is complete. On a terminal it asks for the next one. @throws ShellExit */
export async function readCommands(shell: Shell, streams: ShellStreams, prompt: string): Promise<number> {
  const { terminal } = shell.host
  const stdin = streams.stdin instanceof LineInput ? streams.stdin : new LineInput(streams.stdin)
  const before = { interruption: shell.interruption, onInterrupt: terminal?.onInterrupt }
  const ask = async (text: string) => {
    if (terminal !== undefined) await streams.stdout.write(text === '' ? prompt : '> ')
  }
  let code = 0
  let text = ''
  try {
    for (;;) {
      const interruption = new Interruption()
      shell.interruption = stdin.interruption = interruption
      if (terminal !== undefined) terminal.onInterrupt = () => interruption.interrupt()
      try {
        await ask(text)
        const line = await stdin.line()
        text += line ?? ''
        if (line !== undefined && isIncomplete(text)) continue
        const script = text
        text = ''
        if (script.trim() !== '') code = await shell.script(script, { ...streams, stdin })
        if (line === undefined) break
      } catch (error) {
        if (!(error instanceof Interrupted)) throw error
        text = ''
        code = exitCodeOfInterrupt
        shell.variables.set('?', String(code))
      }
    }
  } finally {
    shell.interruption = stdin.interruption = before.interruption
    if (terminal !== undefined) terminal.onInterrupt = before.onInterrupt!
  }
  if (terminal !== undefined) await streams.stdout.write('\n')
  return code
}

function isIncomplete(text: string): boolean {
  try {
    parseShell(text)
    return false
  } catch (error) {
    return error instanceof ShellSyntaxError && error.isIncomplete
  }
}
