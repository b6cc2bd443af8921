import { watch } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, dirname } from 'node:path'

/** An open log: as much of a `FileHandle` as reading it needs. */
export interface LogFile {
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ bytesRead: number }>
  /** `ino` and `dev` tell whether two are the same file. */
  stat(): Promise<{ size: number; ino: number; dev: number }>
  close(): Promise<void>
}

/** Where containers log to. */
export interface LogFiles {
  /** Rejects when there is no such log. */
  open(path: string): Promise<LogFile>
  /** Calls `onChange` after each change; with true when another file may have the path now. */
  watch(path: string, onChange: (mayBeAnother: boolean) => void): { close(): void }
  /** The last bytes; undefined when there is no such log. */
  readTail(path: string, bytesMax: number): Promise<Buffer | undefined>
}

/** The machine's files. */
export const machineLogFiles: LogFiles = {
  open: path => open(path),

  watch(path, onChange) {
    const name = basename(path)
    // The folder, not the file: a watch on the file would stay with the old one after a rotation.
    const watcher = watch(dirname(path), { persistent: false }, (event, changedName) => {
      if (changedName === null || changedName === name) onChange(event === 'rename')
    })
    watcher.on('error', () => onChange(false))
    return watcher
  },

  async readTail(path, bytesMax) {
    try {
      const file = await open(path)
      try {
        const { size } = await file.stat()
        const buffer = Buffer.alloc(Math.min(size, bytesMax))
        const { bytesRead } = await file.read(buffer, 0, buffer.length, Math.max(0, size - bytesMax))
        return buffer.subarray(0, bytesRead)
      } finally {
        await file.close()
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  },
}
