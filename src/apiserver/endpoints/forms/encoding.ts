import { printYAML } from '#apimachinery/codec/yaml.ts'
import type { MediaType } from '../negotiation.ts'

/** How values become bytes. */
export interface Encoding {
  mediaType: MediaType
  /** Undefined: no watches in this form. */
  watchMediaType: string | undefined
  encode(value: unknown): Buffer
  /** One event of a watch. */
  frame(type: string, object: unknown): Buffer
  /** Lists can be written piece by piece. */
  isTextJSON: boolean
}

export const jsonEncoding: Encoding = {
  mediaType: 'application/json',
  watchMediaType: 'application/json',
  encode: value => Buffer.from(`${JSON.stringify(value)}\n`),
  frame: jsonFrame,
  isTextJSON: true,
}

export const prettyJSONEncoding: Encoding = {
  mediaType: 'application/json',
  watchMediaType: 'application/json',
  encode: value => Buffer.from(JSON.stringify(value, undefined, 2)),
  frame: jsonFrame,
  isTextJSON: false,
}

export const yamlEncoding: Encoding = {
  mediaType: 'application/yaml',
  watchMediaType: undefined,
  encode: value => Buffer.from(printYAML(value)),
  frame: jsonFrame,
  isTextJSON: false,
}

function jsonFrame(type: string, object: unknown): Buffer {
  return Buffer.from(`{"type":"${type}","object":${JSON.stringify(object)}}\n`)
}
