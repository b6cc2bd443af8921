/** A parameter in the path or the query of an operation. */
export interface Parameter {
  name: string
  in: 'path' | 'query'
  type: 'string' | 'boolean' | 'integer'
  required?: true
  description: string
}

const query = (name: string, type: Parameter['type'], description: string): Parameter => ({ name, in: 'query', type, description })

export const pretty = query('pretty', 'string', "If 'true', the answer is indented.")
const dryRun = query('dryRun', 'string', "With 'All', everything is checked and nothing is stored.")
const fieldManager = query('fieldManager', 'string', 'Who owns the fields that this request sets.')
const fieldValidation = query('fieldValidation', 'string', 'What becomes of unknown and duplicate fields: Ignore, Warn or Strict.')
const force = query('force', 'boolean', 'An apply takes fields over from other managers.')

export const listParameters: readonly Parameter[] = [
  query('allowWatchBookmarks', 'boolean', 'A watch may send events of type BOOKMARK.'),
  query('continue', 'string', 'Token of the page before, to get the next one.'),
  query('fieldSelector', 'string', 'Restricts the objects by their fields.'),
  query('labelSelector', 'string', 'Restricts the objects by their labels.'),
  query('limit', 'integer', 'The most objects in one answer.'),
  query('resourceVersion', 'string', 'How fresh the answer must be, or where a watch starts.'),
  query('resourceVersionMatch', 'string', 'How resourceVersion is meant: Exact or NotOlderThan.'),
  query('sendInitialEvents', 'boolean', 'A watch begins with events for the objects that exist.'),
  query('timeoutSeconds', 'integer', 'How long the request may take.'),
  query('watch', 'boolean', 'Changes are sent as they happen.'),
]

export const writeParameters: readonly Parameter[] = [dryRun, fieldManager, fieldValidation]
export const patchParameters: readonly Parameter[] = [dryRun, fieldManager, fieldValidation, force]
export const deleteParameters: readonly Parameter[] = [
  dryRun,
  query('gracePeriodSeconds', 'integer', 'Seconds before the object is removed; 0 for at once.'),
  query('orphanDependents', 'boolean', 'Old form of propagationPolicy.'),
  query('propagationPolicy', 'string', 'What becomes of dependents: Orphan, Background or Foreground.'),
]

export const namePathParameter = (kind: string): Parameter => ({
  name: 'name',
  in: 'path',
  type: 'string',
  required: true,
  description: `Name of the ${kind}.`,
})

export const namespacePathParameter: Parameter = {
  name: 'namespace',
  in: 'path',
  type: 'string',
  required: true,
  description: 'Namespace of the object.',
}

export const restPathParameter: Parameter = {
  name: 'path',
  in: 'path',
  type: 'string',
  required: true,
  description: 'Path behind the proxy.',
}
