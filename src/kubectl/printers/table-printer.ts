/** The part of meta.k8s.io/v1 Table that printing needs. */
export interface PrintableTable {
  columnDefinitions: readonly { name: string; priority: number }[]
  rows: readonly { cells: readonly unknown[]; object?: unknown }[]
}

export interface PrintOptions {
  /** Every column, not only the usual ones. */
  wide?: boolean
  /** A first column with the namespaces of the objects. */
  namespaces?: boolean
}

const columnGap = 3
const columnWidthMin = 6

/** A Table as kubectl prints it: upper-case headings, left-aligned columns three spaces apart. */
export function printTable(table: PrintableTable, { wide = false, namespaces = false }: PrintOptions = {}): string {
  const shown = table.columnDefinitions.flatMap((column, index) => (wide || column.priority === 0 ? [index] : []))
  const lines = [
    [...(namespaces ? ['NAMESPACE'] : []), ...shown.map(index => table.columnDefinitions[index]!.name.toUpperCase())],
    ...table.rows.map(row => [...(namespaces ? [namespaceOf(row)] : []), ...shown.map(index => cellText(row.cells[index]))]),
  ]
  const widths = lines[0]!.map((_, position) => Math.max(columnWidthMin, ...lines.map(line => line[position]!.length + columnGap)))
  const print = (line: string[]) =>
    line.map((cell, position) => (position === line.length - 1 ? cell : cell.padEnd(widths[position]!))).join('')
  return `${lines.map(print).join('\n')}\n`
}

function namespaceOf({ object }: PrintableTable['rows'][number]): string {
  return (object as { metadata?: { namespace?: string } } | undefined)?.metadata?.namespace ?? ''
}

/** One line of a cell, with a mark when there are more. */
function cellText(cell: unknown): string {
  const text = cell === undefined || cell === null ? '' : String(cell)
  const end = text.search(/[\f\n\r]/)
  return end < 0 ? text : `${text.slice(0, end)}...`
}
