import { type Budget, comparisonText, formatNumber, type Row, verdictOf } from './row.ts'

const headings = ['WHAT', 'MEASURED', 'BUDGET', 'VERDICT', 'BESIDE', 'NOTE']

/** The rows as a table that people read. */
export function formatTable(rows: readonly Row[]): string {
  const lines = [headings, ...rows.map(cellsOf)]
  const widths = headings.map((_, column) => Math.max(...lines.map(line => line[column]!.length)))
  return lines
    .map(
      line =>
        `${line
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

function cellsOf(row: Row): string[] {
  const beside = (row.beside ?? []).map(comparison => comparisonText(row, comparison)).join('; ')
  return [row.name, withUnit(formatNumber(row.value), row.unit), budgetText(row.budget, row.unit), verdictOf(row), beside, row.note ?? '']
}

function budgetText(budget: Budget | undefined, unit: string): string {
  if (budget === undefined) return ''
  const [sign, limit] = 'atLeast' in budget ? ['≥', budget.atLeast] : ['≤', budget.atMost]
  return `${sign} ${withUnit(formatNumber(limit), unit)}`
}

function withUnit(number: string, unit: string): string {
  return unit.startsWith('/') ? `${number}${unit}` : `${number} ${unit}`
}
