import type { SchemaRegistry } from '#apimachinery/schema/schema.ts'
import type { Accepted } from '../negotiation.ts'
import { type Encoding, jsonEncoding, prettyJSONEncoding, yamlEncoding } from './encoding.ts'

/** The encoding that a client accepts. */
export function encodings(_schemas: SchemaRegistry): (accepted: Accepted, pretty: boolean) => Encoding {
  return ({ mediaType }, pretty) => {
    if (mediaType === 'application/yaml') return yamlEncoding
    return pretty ? prettyJSONEncoding : jsonEncoding
  }
}
