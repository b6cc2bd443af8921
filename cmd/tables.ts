import type { Transport } from '#client/transport.ts'
import { type PrintableTable, printTable } from '#kubectl/printers/table-printer.ts'

/** A collection as `kubectl get -o wide` prints it. */
export async function wideTable(
  transport: Transport,
  { path, namespaces = false }: { path: string; namespaces?: boolean },
  signal: AbortSignal,
): Promise<string> {
  return printTable(await readTable(transport, path, signal), { wide: true, namespaces })
}

/** A collection, or an object, as the server puts it into columns. */
export async function readTable(transport: Transport, path: string, signal: AbortSignal): Promise<PrintableTable> {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
  const { body } = await transport.request({ method: 'GET', path, accept }, signal)
  return body as PrintableTable
}
