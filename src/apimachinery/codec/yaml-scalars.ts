/** What a plain YAML scalar means to kubectl, that is to Go's yaml v2: YAML 1.1 with a few forms of 1.2. */
export type PlainScalar =
  | { type: 'null'; value: null }
  | { type: 'bool'; value: boolean }
  | { type: 'int' | 'float'; value: number }
  /** Quoted when printed, but text for the API. */
  | { type: 'timestamp' | 'merge' | 'str'; value: string }

const words = new Map<string, PlainScalar>()
for (const word of ['', '~', 'null', 'Null', 'NULL']) words.set(word, { type: 'null', value: null })
for (const word of ['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON']) words.set(word, { type: 'bool', value: true })
for (const word of ['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF']) {
  words.set(word, { type: 'bool', value: false })
}
for (const word of ['.nan', '.NaN', '.NAN']) words.set(word, { type: 'float', value: Number.NaN })
for (const word of ['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF']) words.set(word, { type: 'float', value: Number.POSITIVE_INFINITY })
for (const word of ['-.inf', '-.Inf', '-.INF']) words.set(word, { type: 'float', value: Number.NEGATIVE_INFINITY })
words.set('<<', { type: 'merge', value: '<<' })

const decimal = /^[-+]?(?:0|[1-9][0-9]*)$/
const based = /^([-+]?)0(?:[xX]([0-9a-fA-F]+)|[oO]?([0-7]+)|[bB]([01]+))$/
const float = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
const timestamp =
  /^[0-9]{4}-(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12][0-9]|3[01])(?:(?:[Tt ])(?:[01]?[0-9]|2[0-3]):[0-5]?[0-9]:[0-5]?[0-9](?:\.[0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2})?)?$/

export function resolvePlain(text: string): PlainScalar {
  const word = words.get(text)
  if (word !== undefined) return word
  const code = text.charCodeAt(0)
  const isNumeric = (code >= 0x30 && code <= 0x39) || code === 0x2b || code === 0x2d || code === 0x2e
  if (!isNumeric) return { type: 'str', value: text }
  if (timestamp.test(text)) return { type: 'timestamp', value: text }
  const plain = text.includes('_') ? text.replaceAll('_', '') : text
  if (decimal.test(plain)) return integer(Number(plain), plain)
  const match = based.exec(plain)
  if (match !== null) {
    const [, sign, hex, octal, binary] = match
    const magnitude =
      hex !== undefined ? Number.parseInt(hex, 16) : octal !== undefined ? Number.parseInt(octal, 8) : Number.parseInt(binary!, 2)
    return { type: 'int', value: sign === '-' ? -magnitude : magnitude }
  }
  if (float.test(plain)) return { type: 'float', value: Number(plain) }
  return { type: 'str', value: text }
}

/** What does not fit 64 bits is a float to Go. */
function integer(value: number, text: string): PlainScalar {
  return { type: Number.isSafeInteger(value) || BigInt.asIntN(64, BigInt(text)) === BigInt(text) ? 'int' : 'float', value }
}

const base60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/

/** True when the text, written plainly, would be read back as the same text, by older readers too. */
export function isPlainText(text: string): boolean {
  return resolvePlain(text).type === 'str' && !base60.test(text)
}
