import type { Event } from '#api/core/v1/types.gen.ts'
import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { invalid, required } from '#apimachinery/validation/field-error.ts'
import { NoMatchError } from '#client/rest-mapper.ts'
import { duration } from './clock-routes.ts'
import { hasField, pointer } from './object-field.ts'
import { refused, refusedBy } from './refused.ts'
import { route } from './route.ts'
import { anyObject, anything, described, list, object, text, type TypeOf } from '#apimachinery/validation/shape.ts'

export const clusterEndpoint = object(
  {
    kubeconfig: described('Path of a file for kubectl and every client library', text()),
    url: described('Of the Kubernetes API', text()),
    control: described('Where the control API of this cluster begins', text()),
  },
  {},
)

const wait = object(
  { apiVersion: text(), kind: text(), name: text() },
  {
    namespace: described('default when left out', text()),
    for: described('Ready or another condition, Running or another phase, Exists, Deleted', text()),
    pointer: described('Instead of for: JSON Pointer to a field, such as /status/containerStatuses/0/restartCount', pointer),
    value: anything('What the field has to be; left out: the field has to be there'),
    timeout: described("Of the cluster's time; 5m when left out", duration),
  },
)

/** What `until` is to wait for. @throws StatusError */
function wantedBy({ for: wanted, pointer, value }: TypeOf<typeof wait>) {
  if (pointer === undefined) {
    if (wanted === undefined) throw refused([required('for', 'what to wait for: for, or pointer with value')])
    return wanted
  }
  if (wanted !== undefined) throw refused([invalid('pointer', pointer, 'must be left out when for is given')])
  return (object: KubeObject | undefined) => hasField(object, pointer, value)
}

/** The cluster as a whole. */
export const clusterRoutes = [
  route({
    method: 'GET',
    path: '/',
    summary: 'How the cluster is reached',
    answer: clusterEndpoint,
    run: ({ hosted }) => hosted.endpoint,
  }),
  route({
    method: 'POST',
    path: '/wait',
    summary: 'Waits until an object is as wanted; virtual time goes on meanwhile',
    time: 'moves',
    body: wait,
    answer: anyObject<KubeObject | null>('The object; its last state when it is deleted, null when nobody has seen it'),
    run: async ({ hosted, body, signal }) => {
      const { apiVersion, kind, name, namespace, timeout } = body
      try {
        const object = await hosted.cluster.until({ apiVersion, kind, name, namespace }, wantedBy(body), { timeout, signal })
        return object ?? null
      } catch (error) {
        if (error instanceof NoMatchError) throw refusedBy(error, 'kind', kind)
        throw error
      }
    },
  }),
  route({
    method: 'GET',
    path: '/events',
    summary: 'What happened, oldest first; of one object when the query says which',
    query: object({}, { kind: text(), namespace: text(), name: text() }),
    answer: object({ items: list(anyObject<Event>('An Event of v1')) }, {}),
    run: async ({ hosted, query }) => ({ items: await hosted.cluster.events(query) }),
  }),
  route({
    method: 'POST',
    path: '/stop',
    summary: 'Ends the cluster; if it is the first one, the whole server',
    answer: clusterEndpoint,
    run: async ({ hosted }) => {
      await hosted.stop()
      return hosted.endpoint
    },
  }),
]
