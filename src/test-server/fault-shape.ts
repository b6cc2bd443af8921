import type { EventPattern, Failure, RequestPattern } from '#cluster/index.ts'
import { described, either, integer, list, number, object, oneOf, type Shape, text } from '#apimachinery/validation/shape.ts'

const someText = either(text(), list(text()))

const senderFields = {
  user: described('The sender, or whom it acts as: system:node:node-0', someText),
  program: described('What the User-Agent begins with, up to the slash: kubelet, kubectl', someText),
  resource: described('Plural: pods', someText),
} as const

const verb = oneOf('get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection')

/** Whose requests; all that is left out may be anything. */
export const senderPattern = object({}, senderFields)

export const requestPattern: Shape<RequestPattern> = object(
  {},
  {
    ...senderFields,
    verb: either(verb, list(verb)),
    subresource: described('status, binding, …; "" for none', someText),
    namespace: someText,
    name: someText,
  },
)

const changeType = oneOf('ADDED', 'MODIFIED', 'DELETED')

export const eventPattern: Shape<EventPattern> = object(
  {},
  { ...senderFields, type: either(changeType, list(changeType)), namespace: someText, name: someText },
)

const forever = 'forever'
const timesShape = either(integer({ min: 1 }), oneOf(forever))

/** JSON has no infinity. */
const times: Shape<number> = {
  ...described('So many in a row, or "forever"; 1 when left out', timesShape),
  read: (value, at, errors) => (value === forever ? Number.POSITIVE_INFINITY : (timesShape.read(value, at, errors) as number)),
}

/** Which of the calls that a fault concerns it happens to. */
export const occurrenceFields = {
  nth: described('The first of them it happens to; 1 when left out', integer({ min: 1 })),
  times,
} as const

export const when = described('before: it is never done (default); after: it is done all the same', oneOf('before', 'after'))

export const delayMs = described("Of the cluster's time", number({ min: 0 }))

const someFailure = oneOf(409, 410, 429, 500, 503, 504)
const ownFailure = object({ code: integer({ min: 400, max: 599 }) }, { reason: text(), message: text() })
const failureShape = either(someFailure, ownFailure)

/** An HTTP status that servers answer when something goes wrong, or another one in one's own words. */
export const failure: Shape<Failure> = {
  ...failureShape,
  read: (value, at, errors) => {
    const told = failureShape.read(value, at, errors)
    return typeof told === 'number' ? told : { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', ...told }
  },
}

export const orderedFault = object(
  {
    id: text(),
    fault: described('What was ordered', text()),
    hits: described('How often it has happened', integer({ min: 0 })),
  },
  {},
)

export const orderedFaults = object({ items: list(orderedFault) }, {})
