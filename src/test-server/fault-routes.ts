import { newNotFound, StatusError } from '#apimachinery/status/status.ts'
import {
  delayMs,
  eventPattern,
  failure,
  occurrenceFields,
  orderedFault,
  orderedFaults,
  requestPattern,
  senderPattern,
  when,
} from './fault-shape.ts'
import { pullError } from './image-shape.ts'
import { refusedBy } from './refused.ts'
import { route } from './route.ts'
import { described, integer, object, text } from '#apimachinery/validation/shape.ts'

const watchCount = object({ watches: described('How many', integer({ min: 0 })) }, {})
const requests = described('Which requests; left out: all', requestPattern)
const events = described('Which events of which watches; left out: all', eventPattern)
const watches = described('Whose watches; left out: all', senderPattern)

/** What cannot be done to a Pod is the name's fault. @throws StatusError */
async function ofPod(name: string, act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    throw error instanceof StatusError ? error : refusedBy(error, 'name', name)
  }
}

/** What goes wrong between the API server and its clients, and with what they run. */
export const faultRoutes = [
  route({
    method: 'GET',
    path: '/faults',
    summary: 'What was ordered, and how often it has happened',
    answer: orderedFaults,
    run: ({ hosted }) => ({ items: hosted.faults.list() }),
  }),
  route({
    method: 'DELETE',
    path: '/faults',
    summary: 'Everything works again: what has not happened yet is forgotten, what is delayed goes on',
    answer: orderedFaults,
    run: async ({ hosted }) => {
      await hosted.cluster.faults.clear()
      return { items: hosted.faults.clear() }
    },
  }),
  route({
    method: 'DELETE',
    path: '/faults/{id}',
    summary: 'Takes one back',
    answer: orderedFault,
    run: ({ hosted, params: { id } }) => {
      const found = hosted.faults.takeBack(id)
      if (found === undefined) throw newNotFound({ group: '', resource: 'faults' }, id)
      return found
    },
  }),
  route({
    method: 'POST',
    path: '/faults/pulls/fail',
    summary: 'Pulls of an image fail on every node',
    body: object({ image: text() }, { error: pullError, ...occurrenceFields }),
    answer: orderedFault,
    run: ({ hosted, body: { image, error, nth, times = Number.POSITIVE_INFINITY } }) => {
      const occurrences = { times, ...(nth !== undefined && { nth }) }
      return hosted.faults.add('pulls/fail', hosted.cluster.faults.failPulls(image, error, occurrences))
    },
  }),
  route({
    method: 'POST',
    path: '/faults/oom-kill',
    summary: 'The kernel kills a container because memory ran out',
    body: object({ name: text() }, { namespace: text(), container: described('Needed when the Pod has more than one', text()) }),
    answer: orderedFaults,
    run: async ({ hosted, body: { container, ...pod } }) => {
      await ofPod(pod.name, () => hosted.cluster.faults.oomKill(pod, container))
      return { items: hosted.faults.list() }
    },
  }),
  route({
    method: 'POST',
    path: '/faults/kill-sandbox',
    summary: 'The sandbox of a Pod dies, and its network with it',
    body: object({ name: text() }, { namespace: text() }),
    answer: orderedFaults,
    run: async ({ hosted, body: pod }) => {
      await ofPod(pod.name, () => hosted.cluster.faults.killSandbox(pod))
      return { items: hosted.faults.list() }
    },
  }),
  route({
    method: 'POST',
    path: '/faults/requests/fail',
    summary: 'Requests are answered with a failure',
    body: object({ status: failure }, { requests, when, retryAfterSeconds: integer({ min: 0 }), ...occurrenceFields }),
    answer: orderedFault,
    run: ({ hosted, body: { requests = {}, status, ...options } }) =>
      hosted.faults.add('requests/fail', hosted.cluster.faults.requests.fail(requests, status, options)),
  }),
  route({
    method: 'POST',
    path: '/faults/requests/disconnect',
    summary: 'The connection breaks and no answer comes',
    body: object({}, { requests, when, ...occurrenceFields }),
    answer: orderedFault,
    run: ({ hosted, body: { requests = {}, ...options } }) =>
      hosted.faults.add('requests/disconnect', hosted.cluster.faults.requests.disconnect(requests, options)),
  }),
  route({
    method: 'POST',
    path: '/faults/requests/delay',
    summary: 'Requests wait before they are done, or their answers do',
    body: object({ delayMs }, { requests, when, ...occurrenceFields }),
    answer: orderedFault,
    run: ({ hosted, body: { requests = {}, delayMs, ...options } }) =>
      hosted.faults.add('requests/delay', hosted.cluster.faults.requests.delay(requests, delayMs, options)),
  }),
  route({
    method: 'POST',
    path: '/faults/requests/stale',
    summary: 'Reads show the state of before: so many revisions behind, or that of now for as long as it lasts',
    body: object({}, { requests, behind: integer({ min: 1 }), ...occurrenceFields }),
    answer: orderedFault,
    run: ({ hosted, body: { requests = {}, ...options } }) =>
      hosted.faults.add('requests/stale', hosted.cluster.faults.requests.serveStale(requests, options)),
  }),
  route({
    method: 'POST',
    path: '/faults/watches/drop',
    summary: 'Events get lost, and nobody is told',
    body: object({}, { events, ...occurrenceFields }),
    answer: orderedFault,
    run: ({ hosted, body: { events = {}, ...options } }) =>
      hosted.faults.add('watches/drop', hosted.cluster.faults.watches.drop(events, options)),
  }),
  route({
    method: 'POST',
    path: '/faults/watches/delay',
    summary: 'Events come later, and with them whatever follows in the same watch',
    body: object({ delayMs }, { events, ...occurrenceFields }),
    answer: orderedFault,
    run: ({ hosted, body: { events = {}, delayMs, ...options } }) =>
      hosted.faults.add('watches/delay', hosted.cluster.faults.watches.delay(events, delayMs, options)),
  }),
  route({
    method: 'POST',
    path: '/faults/watches/disconnect',
    summary: 'The connections of watches under way break',
    body: object({}, { watches }),
    answer: watchCount,
    run: ({ hosted, body }) => ({ watches: hosted.cluster.faults.watches.disconnect(body.watches) }),
  }),
  route({
    method: 'POST',
    path: '/faults/watches/expire',
    summary: 'Watches under way end with 410: their clients have to list again',
    body: object({}, { watches }),
    answer: watchCount,
    run: ({ hosted, body }) => ({ watches: hosted.cluster.faults.watches.expire(body.watches) }),
  }),
]
