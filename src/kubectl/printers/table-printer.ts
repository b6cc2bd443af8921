/** The part of meta.k8s.io/v1 Table that printing needs. */
export interface PrintableTable {
  columnDefinitions: readonly { name: string; priority: number }[]
  rows: readonly { cells: readonly unknown[] }[]
}

const columnGap = 3

/** A Table as kubectl prints it: upper-case headings, left-aligned columns three spaces apart; `wide` shows every column. */
export function printTable(table: PrintableTable, { wide = false }: { wide?: boolean } = {}): string {
  const shown = table.columnDefinitions.flatMap((column, index) => (wide || column.priority === 0 ? [index] : []))
  const lines = [
    shown.map(index => table.columnDefinitions[index]!.name.toUpperCase()),
    ...table.rows.map(row => shown.map(index => cellText(row.cells[index]))),
  ]
  const widths = shown.map((_, position) => Math.max(...lines.map(line => line[position]!.length)))
  const print = (line: string[]) =>
    line.map((cell, position) => (position === line.length - 1 ? cell : cell.padEnd(widths[position]! + columnGap))).join('')
  return `${lines.map(print).join('\n')}\n`
}

function cellText(cell: unknown): string {
  return cell === undefined || cell === null || cell === '' ? '<none>' : String(cell).split('\n', 1)[0]!
}
