const textsMax = 1_000

const texts = new Map<string, string>()

/**
 * The same text: one that was given lately, if one was, so that thousands of holders do not hold one each. And it holds nothing else: a part of
 * another text otherwise keeps the whole, and one that was put together all its pieces.
 */
export function shared(text: string): string {
  const known = texts.get(text)
  if (known !== undefined) return known
  if (texts.size === textsMax) texts.clear()
  const own = text.isWellFormed() ? Buffer.from(text).toString() : text
  texts.set(own, own)
  return own
}
