/** How many object keys a valid JSON text has. Jumps from quote to quote, so it costs far less than parsing. */
export function countKeysInText(text: string): number {
  let count = 0
  let position = text.indexOf('"')
  while (position >= 0) {
    position = endOfString(text, position)
    let code = text.charCodeAt(position)
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = text.charCodeAt(++position)
    if (code === 0x3a) count++
    position = text.indexOf('"', position)
  }
  return count
}

/** Where the string that opens at `open` ends: the position after its closing quote. */
function endOfString(text: string, open: number): number {
  let close = text.indexOf('"', open + 1)
  while (close >= 0 && text.charCodeAt(close - 1) === 0x5c) {
    let slashes = 1
    while (text.charCodeAt(close - 1 - slashes) === 0x5c) slashes++
    if (slashes % 2 === 0) break
    close = text.indexOf('"', close + 1)
  }
  return close < 0 ? text.length : close + 1
}

/** How many keys all objects inside `value` have. */
export function countKeysInValue(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) count += countKeysInValue(item)
    return count
  }
  for (const key in value) count += 1 + countKeysInValue((value as Record<string, unknown>)[key])
  return count
}

const structural = /[{}[\],:"]/g

/** The paths of keys that occur more than once in their object (`spec.containers[0].name`), in the order of the text, which is valid JSON. */
export function duplicateKeys(text: string): string[] {
  const found = new Set<string>()
  const stack: { path: string; keys: Set<string> | undefined; index: number; key: string }[] = []
  let top: (typeof stack)[number] | undefined
  const childPath = () => {
    if (top === undefined) return ''
    if (top.keys === undefined) return `${top.path}[${top.index}]`
    return top.path === '' ? top.key : `${top.path}.${top.key}`
  }
  structural.lastIndex = 0
  let lastString = ''
  for (let match = structural.exec(text); match !== null; match = structural.exec(text)) {
    const position = match.index
    switch (match[0]) {
      case '"': {
        const end = endOfString(text, position)
        lastString = text.slice(position, end)
        structural.lastIndex = end
        break
      }
      case ':': {
        if (top?.keys === undefined) break
        top.key = JSON.parse(lastString) as string
        if (top.keys.has(top.key)) found.add(childPath())
        top.keys.add(top.key)
        break
      }
      case '{':
      case '[':
        stack.push((top = { path: childPath(), keys: match[0] === '{' ? new Set() : undefined, index: 0, key: '' }))
        break
      case ',':
        if (top !== undefined) top.index++
        break
      default:
        stack.pop()
        top = stack.at(-1)
    }
  }
  return [...found]
}
