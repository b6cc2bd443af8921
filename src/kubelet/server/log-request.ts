import type { Clock } from '#base/clock.ts'
import type { ContainerLogOptions } from '../logs/log-options.ts'
import { HostError } from './host.ts'

/** Reads the query of `/containerLogs`: the fields of core/v1 PodLogOptions, and the old `tail`. Throws HostError 400 or 422. */
export function logOptionsOf(query: URLSearchParams, clock: Clock): ContainerLogOptions {
  const options: ContainerLogOptions = {
    follow: flag(query, 'follow'),
    previous: flag(query, 'previous'),
    timestamps: flag(query, 'timestamps'),
    stream: streamOf(query.get('stream')),
  }
  const tailLines = tailOf(query)
  const limitBytes = integer(query, 'limitBytes')
  const sinceSeconds = integer(query, 'sinceSeconds')
  const sinceTimeMs = time(query, 'sinceTime')
  const isValid =
    (tailLines ?? 0) >= 0 &&
    (limitBytes ?? 1) >= 1 &&
    (sinceSeconds ?? 1) >= 1 &&
    (sinceSeconds === undefined || sinceTimeMs === undefined) &&
    (tailLines === undefined || options.stream === 'All')
  if (!isValid) throw new HostError(422, '{"message": "Invalid request."}')
  if (tailLines !== undefined) options.tailLines = tailLines
  if (limitBytes !== undefined) options.limitBytes = limitBytes
  const sinceMs = sinceSeconds === undefined ? sinceTimeMs : clock.now() - 1000 * sinceSeconds
  if (sinceMs !== undefined) options.sinceMs = sinceMs
  return options
}

const undecodable = () => new HostError(400, '{"message": "Unable to decode query."}')

function tailOf(query: URLSearchParams): number | undefined {
  const tail = query.get('tail')
  if (tail === null || tail === '') return integer(query, 'tailLines')
  return tail === 'all' ? undefined : integer(query, 'tail')
}

function streamOf(value: string | null): ContainerLogOptions['stream'] {
  if (value === null || value === '') return 'All'
  if (value === 'All' || value === 'Stdout' || value === 'Stderr') return value
  throw new HostError(422, '{"message": "Invalid request."}')
}

/** As Go's query conversion: present and neither "false" nor "0". */
function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name)?.toLowerCase()
  return value !== undefined && value !== 'false' && value !== '0'
}

function integer(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name)
  if (value === null || value === '') return undefined
  if (!/^[+-]?\d+$/.test(value)) throw undecodable()
  return Number(value)
}

function time(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name)
  if (value === null || value === '') return undefined
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(ms)) throw undecodable()
  return ms
}
