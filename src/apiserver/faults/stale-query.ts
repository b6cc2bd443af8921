/**
 * The query of a read, so that it shows the state at `revision`. A later page of a list, and what asks for an exact revision already, stay
 * as they are; a read that must not be older than a revision gets that one at least.
 */
export function staleQuery(query: string, revision: number): string {
  const parameters = new URLSearchParams(query)
  const known = Number(parameters.get('resourceVersion') ?? 0)
  const isFixed = parameters.has('continue') || parameters.get('resourceVersionMatch') === 'Exact'
  // What is no revision at all is refused, as always.
  if (isFixed || !Number.isSafeInteger(known)) return query
  parameters.set('resourceVersion', String(Math.max(revision, known)))
  parameters.set('resourceVersionMatch', 'Exact')
  return parameters.toString()
}
