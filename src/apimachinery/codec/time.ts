import { quote } from '../text/quote.ts'

const day = '(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)'
const clock = '(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d'
/** What is written so already, as nearly every time is, is taken as it stands. */
const canonical = new RegExp(`^\\d{4}-${day}T${clock}Z$`)
const canonicalMicro = new RegExp(`^\\d{4}-${day}T${clock}\\.\\d{6}Z$`)

/**
 * Reads an RFC 3339 time and writes it in UTC, in whole seconds (`metav1.Time`) or with six digits of a second (`metav1.MicroTime`).
 * The error is that of Go's `time.Parse`.
 */
export function normaliseTime(text: string, micro: boolean): { time: string } | { error: string } {
  if ((micro ? canonicalMicro : canonical).test(text)) return { time: text }
  const layout = micro ? '2006-01-02T15:04:05.000000Z07:00' : '2006-01-02T15:04:05Z07:00'
  const fail = (reason: string) => ({ error: `parsing time ${quote(text)}${reason}` })
  let rest = text
  const values: number[] = []
  for (const { element, pattern } of micro ? microElements : elements) {
    const match = pattern.exec(rest)
    if (match === null) return fail(` as ${quote(layout)}: cannot parse ${quote(rest)} as ${quote(element)}`)
    if (/\d/.test(element)) values.push(Number(match[0]))
    rest = rest.slice(match[0].length)
  }
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = values
  const fraction = /^[.,]\d+/.exec(rest)?.[0] ?? ''
  const zone = /^(?:Z|([+-])(\d\d):(\d\d))/.exec(rest.slice(fraction.length))
  if (zone === null) return fail(` as ${quote(layout)}: cannot parse ${quote(rest.slice(fraction.length))} as "Z07:00"`)
  const extra = rest.slice(fraction.length + zone[0].length)
  if (extra !== '') return fail(`: extra text: ${quote(extra)}`)
  if (month < 1 || month > 12) return fail(': month out of range')
  if (day < 1 || day > new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate()) return fail(': day out of range')
  if (hour > 23) return fail(': hour out of range')
  if (minute > 59) return fail(': minute out of range')
  if (second > 59) return fail(': second out of range')
  const offsetMinutes = zone[1] === undefined ? 0 : (zone[1] === '-' ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3]))
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute - offsetMinutes, second)
  const seconds = date.toISOString().slice(0, 19)
  return { time: micro ? `${seconds}.${fraction.slice(1, 7).padEnd(6, '0')}Z` : `${seconds}Z` }
}

const elements = [
  { element: '2006', pattern: /^\d{4}/ },
  { element: '-', pattern: /^-/ },
  { element: '01', pattern: /^\d\d/ },
  { element: '-', pattern: /^-/ },
  { element: '02', pattern: /^\d\d/ },
  { element: 'T', pattern: /^T/ },
  { element: '15', pattern: /^\d\d/ },
  { element: ':', pattern: /^:/ },
  { element: '04', pattern: /^\d\d/ },
  { element: ':', pattern: /^:/ },
  { element: '05', pattern: /^\d\d/ },
]
const microElements = [...elements, { element: '.000000', pattern: /^(?=\.\d{6}(?!\d))/ }]
