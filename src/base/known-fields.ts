/**
 * What is misspelt would do nothing, without a word: who writes JavaScript has no compiler that would tell.
 * @param what of what, for the message
 * @throws TypeError for a field that is not known
 */
export function requireKnownFields(what: string, value: object, known: readonly string[]): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TypeError(`${what} must be an object, not ${shown(value)}`)
  for (const name of Object.keys(value))
    if (!known.includes(name)) throw new TypeError(`${what}: unknown field "${name}"; known are ${known.join(', ')}`)
}

/** A number of milliseconds. @throws TypeError for anything else */
export function requireMilliseconds(what: string, value: number): void {
  if (typeof value !== 'number' || !(value >= 0)) throw new TypeError(`${what} must be a number from 0 on, not ${shown(value)}`)
}

/** @throws TypeError for none of these values */
export function requireOneOf(what: string, value: unknown, known: readonly (string | number)[]): void {
  if (!known.includes(value as string)) throw new TypeError(`${what} must be one of ${known.join(', ')}, not ${shown(value)}`)
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? String(value)
}
