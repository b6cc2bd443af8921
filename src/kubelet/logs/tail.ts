import type { LogFile } from './log-files.ts'

const blockBytes = 64 * 1024
const newline = 0x0a

/** Offset at which the last `lines` lines of a file start. Reads from its end, and no more than needed. */
export async function tailOffset(file: LogFile, lines: number): Promise<number> {
  const { size } = await file.stat()
  if (lines <= 0) return size
  const block = Buffer.allocUnsafe(blockBytes)
  let newlines = 0
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - blockBytes)
    const { bytesRead } = await file.read(block, 0, end - start, start)
    for (let index = bytesRead - 1; index >= 0; ) {
      index = block.lastIndexOf(newline, index)
      if (index < 0) break
      // The newline that ends the last line starts none.
      if (start + index + 1 < size && ++newlines === lines) return start + index + 1
      index--
    }
    end = start
  }
  return 0
}
