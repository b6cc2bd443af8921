const textsMax = 1_000

const texts = new Map<string, string>()

/** The same text: one that was given lately, if one was. For what thousands hold, each of which would make it anew. */
export function shared(text: string): string {
  const known = texts.get(text)
  if (known !== undefined) return known
  if (texts.size === textsMax) texts.clear()
  texts.set(text, text)
  return text
}
