import { occurrenceFields, delayMs, orderedFault, orderedFaults } from './fault-shape.ts'
import { route } from './route.ts'
import { described, object, oneOf, text } from '#apimachinery/validation/shape.ts'
import { writePattern } from './write-pattern.ts'

const writes = described('Which writes; left out: all', writePattern)
const when = described('after: it is made, and nobody is told (default); before: it is not made', oneOf('before', 'after'))

/** What goes wrong between the API server and its storage, and with the API server itself. */
export const storageFaultRoutes = [
  route({
    method: 'POST',
    path: '/faults/storage/delay',
    summary: 'Writes take longer, as with a slow disk; those behind wait, too',
    body: object({ delayMs }, { writes, ...occurrenceFields }),
    answer: orderedFault,
    run: ({ hosted, body: { writes = {}, delayMs, ...occurrences } }) =>
      hosted.faults.add('storage/delay', hosted.cluster.faults.storage.delay(writes, delayMs, occurrences)),
  }),
  route({
    method: 'POST',
    path: '/faults/storage/fail',
    summary: 'Writes fail, as with a full disk: they are not made, and their clients get a 500',
    body: object({}, { writes, message: described('What the storage says', text()), ...occurrenceFields }),
    answer: orderedFault,
    run: ({ hosted, body: { writes = {}, ...options } }) =>
      hosted.faults.add('storage/fail', hosted.cluster.faults.storage.fail(writes, options)),
  }),
  route({
    method: 'POST',
    path: '/faults/apiserver/stop',
    summary: 'The API server dies: connections break, and nobody gets an answer until it is started',
    answer: orderedFaults,
    run: ({ hosted }) => {
      hosted.cluster.faults.stopAPIServer()
      return { items: hosted.faults.list() }
    },
  }),
  route({
    method: 'POST',
    path: '/faults/apiserver/start',
    summary: 'The API server comes up at the same address; every write that was answered is kept. Nothing when it runs',
    answer: orderedFaults,
    run: async ({ hosted }) => {
      await hosted.cluster.faults.startAPIServer()
      return { items: hosted.faults.list() }
    },
  }),
  route({
    method: 'POST',
    path: '/faults/apiserver/restart',
    summary: 'The API server dies and comes up again at the same address; every write that was answered is kept',
    answer: orderedFaults,
    run: async ({ hosted }) => {
      await hosted.cluster.faults.restartAPIServer()
      return { items: hosted.faults.list() }
    },
  }),
  route({
    method: 'POST',
    path: '/faults/apiserver/restart-at',
    summary: 'The API server dies and comes up again in the middle of what it does: at a write',
    body: object({}, { writes, when, ...occurrenceFields }),
    answer: orderedFault,
    run: ({ hosted, body: { writes = {}, ...options } }) =>
      hosted.faults.add('apiserver/restart-at', hosted.cluster.faults.restartAPIServerAt(writes, options)),
  }),
]
