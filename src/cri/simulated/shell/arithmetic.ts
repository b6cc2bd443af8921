const operators: readonly Readonly<Record<string, (left: number, right: number) => number>>[] = [
  { '==': (a, b) => Number(a === b), '!=': (a, b) => Number(a !== b) },
  { '<=': (a, b) => Number(a <= b), '>=': (a, b) => Number(a >= b), '<': (a, b) => Number(a < b), '>': (a, b) => Number(a > b) },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  { '*': (a, b) => a * b, '/': (a, b) => Math.trunc(a / b), '%': (a, b) => a % b },
]

/** What `$((…))` is: whole numbers, variables and their operators. @returns undefined for what cannot be understood */
export function evaluateArithmetic(expression: string, variable: (name: string) => string): number | undefined {
  const tokens = expression.match(/\d+|\$?[A-Za-z_]\w*|[=!<>]=|\S/g) ?? []
  let position = 0
  const operand = (): number => {
    const token = tokens[position++] ?? ''
    if (token === '-') return -operand()
    if (token === '+') return operand()
    if (token === '(') {
      const value = level(0)
      return tokens[position++] === ')' ? value : Number.NaN
    }
    if (/^\d/.test(token)) return Number(token)
    return /^\$?[A-Za-z_]/.test(token) ? Number(variable(token.replace('$', '')) || 0) : Number.NaN
  }
  const level = (index: number): number => {
    const known = operators[index]
    if (known === undefined) return operand()
    let left = level(index + 1)
    for (let token = tokens[position]; token !== undefined && Object.hasOwn(known, token); token = tokens[position]) {
      position++
      left = known[token]!(left, level(index + 1))
    }
    return left
  }
  const value = level(0)
  return position === tokens.length && Number.isFinite(value) ? value : undefined
}
