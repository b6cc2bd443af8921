/** Fields that upstream keeps by value: absent and zero are the same there, unlike for optional fields where zero says something. */
const zeroIsAbsent = new Set([
  'hostNetwork',
  'hostPID',
  'hostIPC',
  'stdin',
  'stdinOnce',
  'tty',
  'readOnly',
  'hostPort',
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
  'nodePort',
  'healthCheckNodePort',
  'publishNotReadyAddresses',
  'unschedulable',
])

/** Deep equality in which an absent field, an empty text, list or map are the same, as in upstream's semantic equality. */
export function semanticEqual(a: unknown, b: unknown, field = ''): boolean {
  if (a === b) return true
  if (isEmpty(a, field) || isEmpty(b, field)) return isEmpty(a, field) && isEmpty(b, field)
  if (typeof a !== 'object' || typeof b !== 'object') return false
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, index) => semanticEqual(item, b[index]))
  }
  return differingKeys(a as Record<string, unknown>, b as Record<string, unknown>).length === 0
}

function differingKeys(a: Record<string, unknown>, b: Record<string, unknown>): string[] {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...keys].filter(key => !semanticEqual(a[key], b[key], key))
}

function isEmpty(value: unknown, field: string): boolean {
  if (value === undefined || value === null || value === '') return true
  if (value === false || value === 0) return zeroIsAbsent.has(field)
  if (typeof value !== 'object') return false
  return Array.isArray(value) ? value.length === 0 : Object.entries(value).every(([key, inner]) => isEmpty(inner, key))
}

/** What differs, a line per field: `-` the old value, `+` the new one. For people; its form is no promise. */
export function describeDifference(old: unknown, now: unknown, at = ''): string {
  if (semanticEqual(old, now, at.slice(at.lastIndexOf('.') + 1))) return ''
  if (isPlainObject(old) && isPlainObject(now)) {
    return differingKeys(old, now)
      .sort()
      .map(key => describeDifference(old[key], now[key], at === '' ? key : `${at}.${key}`))
      .join('')
  }
  if (Array.isArray(old) && Array.isArray(now) && old.length === now.length) {
    return old.map((item, index) => describeDifference(item, now[index], `${at}[${index}]`)).join('')
  }
  const line = (sign: string, value: unknown) => (value === undefined ? '' : `${sign} ${at}: ${JSON.stringify(value)}\n`)
  return line('-', old) + line('+', now)
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
