import { encodeProtobuf, encodeWatchFrame } from '#apimachinery/codec/protobuf.ts'
import { parseAPIVersion } from '#apimachinery/resource/resource-info.ts'
import type { MessageSchema, SchemaRegistry } from '#apimachinery/schema/schema.ts'
import { newNotAcceptable } from '#apimachinery/status/status.ts'
import { type Accepted, mediaTypes } from '../negotiation.ts'
import { type Encoding, jsonEncoding, prettyJSONEncoding, yamlEncoding } from './encoding.ts'

/** The encoding that a client accepts. */
export function encodings(schemas: SchemaRegistry): (accepted: Accepted, pretty: boolean) => Encoding {
  const protobufEncoding = newProtobufEncoding(schemas)
  return ({ mediaType }, pretty) => {
    if (mediaType === 'application/yaml') return yamlEncoding
    if (mediaType === 'application/vnd.kubernetes.protobuf') return protobufEncoding
    return pretty ? prettyJSONEncoding : jsonEncoding
  }
}

function newProtobufEncoding(registry: SchemaRegistry): Encoding {
  const encode = (value: unknown) => {
    const object = value as { apiVersion: string; kind: string }
    const schema = schemaOf(registry, object)
    if (schema === undefined) throw newNotAcceptable(`only the following media types are accepted: ${mediaTypes.slice(0, 2).join(', ')}`)
    return encodeProtobuf(object, { schema, registry })
  }
  return {
    mediaType: 'application/vnd.kubernetes.protobuf',
    watchMediaType: 'application/vnd.kubernetes.protobuf;stream=watch',
    encode,
    frame: (type, object) => encodeWatchFrame(type, encode(object)),
    isTextJSON: false,
  }
}

const metaPackage = 'io.k8s.apimachinery.pkg.apis.meta.v1'

/** Packages of the API are named after the first part of their group. */
function schemaOf(registry: SchemaRegistry, { apiVersion, kind }: { apiVersion: string; kind: string }): MessageSchema | undefined {
  const { group, version } = parseAPIVersion(apiVersion)
  const name = group === '' ? 'core' : group.split('.')[0]
  return registry.get(`io.k8s.api.${name}.${version}.${kind}`) ?? registry.get(`${metaPackage}.${kind}`)
}
