import { buffer } from 'node:stream/consumers'

const blockBytes = 512

export interface TarEntry {
  path: string
  content: Uint8Array
}

/** An archive of regular files. */
export function writeTar(entries: readonly TarEntry[], nowMs: number): Buffer {
  const blocks = entries.flatMap(({ path, content }) => [
    header(path, content.length, nowMs),
    content,
    Buffer.alloc(-content.length & (blockBytes - 1)),
  ])
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockBytes)])
}

/** The regular files of an archive; what else is in it is left out. */
export async function readTar(stream: AsyncIterable<Uint8Array>): Promise<TarEntry[]> {
  const archive = await buffer(stream)
  const entries: TarEntry[] = []
  for (let position = 0; position + blockBytes <= archive.length; ) {
    const block = archive.subarray(position, position + blockBytes)
    const [name, prefix] = [textAt(block, 0, 100), textAt(block, 345, 155)]
    if (name === '') break
    const size = Number.parseInt(textAt(block, 124, 12), 8) || 0
    position += blockBytes
    const type = block[156]
    if (type === 0 || type === regularFile)
      entries.push({ path: prefix === '' ? name : `${prefix}/${name}`, content: archive.subarray(position, position + size) })
    position += Math.ceil(size / blockBytes) * blockBytes
  }
  return entries
}

const regularFile = '0'.charCodeAt(0)

function header(path: string, size: number, nowMs: number): Buffer {
  const block = Buffer.alloc(blockBytes)
  // A long path is divided at one of its slashes.
  const slash = path.length <= 100 ? -1 : path.indexOf('/', path.length - 101)
  block.write(path.slice(slash + 1), 0, 100)
  if (slash > 0) block.write(path.slice(0, slash), 345, 155)
  const octal = (value: number, position: number, length: number) =>
    block.write(value.toString(8).padStart(length - 1, '0'), position, length - 1)
  octal(0o644, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(size, 124, 12)
  octal(Math.floor(nowMs / 1_000), 136, 12)
  block[156] = regularFile
  block.write('ustar', 257)
  block.write('00', 263)
  block.fill(' ', 148, 156)
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  )
  block[154] = 0
  return block
}

function textAt(block: Buffer, position: number, length: number): string {
  const end = block.indexOf(0, position)
  return block.toString('utf8', position, end < 0 || end > position + length ? position + length : end).trim()
}
