/**
 * Storage orders keys by UTF-16 code unit, SQLite by the bytes of UTF-8. Both agree on code units below U+D800. Those from there on
 * become one code point each in the astral planes, in the same order; so any string, lone surrogates too, has its own valid form.
 */
const firstMoved = 0xd800
const target = 0x10000

const movedUnits = /[\ud800-\uffff]/g
const movedPairs = /[\ud800-\udbff][\udc00-\udfff]/g

/** The form of `key` that goes into the database. Keys of ASCII, so nearly all, are their own form. */
export function encodeKey(key: string): string {
  return key.replace(movedUnits, unit => String.fromCodePoint(unit.charCodeAt(0) - firstMoved + target))
}

export function decodeKey(stored: string): string {
  return stored.replace(movedPairs, pair => String.fromCharCode(pair.codePointAt(0)! - target + firstMoved))
}
