import type { Transport } from '#client/transport.ts'
import { type PrintableTable, printTable } from '#kubectl/printers/table-printer.ts'

/** A collection as `kubectl get -o wide` prints it. */
export async function wideTable(
  transport: Transport,
  { path, namespaces = false }: { path: string; namespaces?: boolean },
  signal: AbortSignal,
): Promise<string> {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
  const { body } = await transport.request({ method: 'GET', path, accept }, signal)
  return printTable(body as PrintableTable, { wide: true, namespaces })
}
