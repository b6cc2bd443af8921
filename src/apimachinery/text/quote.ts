const named: Record<string, string> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
}
const plain = /^[ !#-[\]-~]*$/
const unprintable = /[\\"]|(?! )[\p{C}\p{Z}]/gu

/** The text in double quotes, escaped as Go's `%q` does it: the form in which Kubernetes' messages quote user input. */
export function quote(text: string): string {
  if (plain.test(text)) return `"${text}"`
  return `"${text.replace(unprintable, escapeCharacter)}"`
}

function escapeCharacter(character: string): string {
  const name = named[character]
  if (name !== undefined) return name
  const code = character.codePointAt(0)!
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
  if (code > 0xffff) return `\\U${code.toString(16).padStart(8, '0')}`
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd'
  return `\\u${code.toString(16).padStart(4, '0')}`
}

/** JSON as Go's `json.Marshal` writes it: `<`, `>`, `&` and the two line separators are escaped. */
export function goJSON(value: unknown): string {
  return (JSON.stringify(value ?? null) ?? 'null').replace(
    /[<>&\u2028\u2029]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
