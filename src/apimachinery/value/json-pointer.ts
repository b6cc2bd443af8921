import { isObject } from './json-value.ts'

/** The names that an RFC 6901 pointer leads through; undefined for what is no pointer. */
export function pointerTokens(pointer: string): string[] | undefined {
  if (pointer === '') return []
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) return undefined
  return pointer
    .slice(1)
    .split('/')
    .map(token => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** What is at a pointer's end; undefined when there is nothing, or the text is no pointer. */
export function valueAt(document: unknown, pointer: string): unknown {
  return pointerTokens(pointer)?.reduce<unknown>((value, token) => {
    if (Array.isArray(value)) return /^(0|[1-9]\d*)$/.test(token) ? value[Number(token)] : undefined
    return isObject(value) && Object.hasOwn(value, token) ? value[token] : undefined
  }, document)
}
