import { StringDecoder } from 'node:string_decoder'
import { AsyncQueue } from '#base/async-queue.ts'
import type { Output } from './image.ts'
import { LineInput } from './shell/line-input.ts'

/**
 * A terminal as the kernel keeps one between who types and a program: lines can be edited and are shown as they are typed, Ctrl-C interrupts,
 * Ctrl-D ends the input. Without it, who types into a session of `kubectl exec -it` sees nothing and cannot leave it.
 */
export class Terminal {
  readonly #lines = new AsyncQueue<Uint8Array>()
  /** What was typed, line by line. */
  readonly input = new LineInput(this.#lines)
  /** What the program writes to. */
  readonly output: Output
  /** Ctrl-C was typed. */
  onInterrupt: () => void = () => {}
  readonly #screen: Output

  /** @param screen of who types */
  constructor(screen: Output) {
    this.#screen = screen
    this.output = { write: data => screen.write(Buffer.from(Buffer.from(data).toString('latin1').replaceAll('\n', '\r\n'), 'latin1')) }
  }

  /** Takes what is typed, until nobody types any more: another one may go on. */
  async take(keys: AsyncIterable<Uint8Array>): Promise<void> {
    const decoder = new StringDecoder()
    let line = ''
    for await (const part of keys) for (const key of decoder.write(Buffer.from(part))) line = await this.#press(key, line)
  }

  /** Nothing will be typed any more. */
  close(): void {
    this.#lines.close()
  }

  /** @returns the line as it is now */
  async #press(key: string, line: string): Promise<string> {
    switch (key) {
      case '\r':
      case '\n':
        await this.#screen.write('\r\n')
        this.#lines.push(Buffer.from(`${line}\n`))
        return ''
      case '\b':
      case '\x7f':
        if (line !== '') await this.#screen.write('\b \b')
        return Array.from(line).slice(0, -1).join('')
      case '\x03':
        await this.#screen.write('^C\r\n')
        this.onInterrupt()
        return ''
      case '\x04':
        this.#lines.push(Buffer.from(line))
        return ''
      default:
        // Of other keys, such as those that move a cursor, a shell without history makes nothing.
        if (key < ' ' && key !== '\t') return line
        await this.#screen.write(key)
        return line + key
    }
  }
}
