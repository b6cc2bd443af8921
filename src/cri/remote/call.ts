import { create, type DescMessage, fromBinary, type MessageInitShape, type MessageShape, toBinary } from '@bufbuild/protobuf'
import type { CallOptions, Transport } from './transport.ts'

/** A unary call as its path and the messages that go in and come out. */
export interface Call<Input extends DescMessage, Output extends DescMessage> {
  path: string
  input: Input
  output: Output
}

/** Encodes, calls, decodes. */
export async function invoke<Input extends DescMessage, Output extends DescMessage>(
  transport: Transport,
  call: Call<Input, Output>,
  request: MessageInitShape<Input>,
  signal: AbortSignal,
  options: CallOptions = {},
): Promise<MessageShape<Output>> {
  return fromBinary(call.output, await transport.unary(call.path, encode(call.input, request), options, signal))
}

export function encode<Schema extends DescMessage>(schema: Schema, message: MessageInitShape<Schema>): Uint8Array {
  return toBinary(schema, create(schema, message))
}
