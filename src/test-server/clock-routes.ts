import type { Cluster } from '#cluster/index.ts'
import { parseDuration } from '#cluster/duration.ts'
import { invalid } from '#apimachinery/validation/field-error.ts'
import { route } from './route.ts'
import { boolean, described, either, number, object, type Shape, text } from '#apimachinery/validation/shape.ts'

const textOrNumber = either(number({ min: 0 }), text())

/** Milliseconds, or text such as `10m`. */
export const duration: Shape<number> = {
  ...described('Milliseconds, or text such as "90s", "1m30s", "2h", "7d"', textOrNumber),
  read: (value, at, errors) => {
    try {
      return parseDuration(textOrNumber.read(value, at, errors))
    } catch (error) {
      errors.push(invalid(at, value, (error as Error).message))
      return 0
    }
  },
}

export const clockState = object(
  {
    now: described('RFC 3339', text()),
    nowMs: described('Milliseconds since 1970', number({ min: 0 })),
    virtual: described('Time moves only when somebody says so', boolean()),
  },
  {},
)

export function clockOf({ clock }: Cluster) {
  const nowMs = clock.now()
  return { now: new Date(nowMs).toISOString(), nowMs, virtual: clock.isVirtual }
}

/** The cluster's time. */
export const clockRoutes = [
  route({
    method: 'GET',
    path: '/clock',
    summary: "The cluster's time",
    answer: clockState,
    run: ({ hosted }) => clockOf(hosted.cluster),
  }),
  route({
    method: 'POST',
    path: '/clock/advance',
    summary: 'Moves virtual time forward; everything that falls due happens in order. On the real clock it waits as long',
    time: 'moves',
    body: object({ duration }, {}),
    answer: clockState,
    run: async ({ hosted, body, signal }) => {
      await hosted.cluster.clock.advance(body.duration, { signal })
      return clockOf(hosted.cluster)
    },
  }),
  route({
    method: 'POST',
    path: '/clock/settle',
    summary: 'Lets what was begun come to rest without moving time',
    time: 'moves',
    answer: clockState,
    run: async ({ hosted }) => {
      await hosted.cluster.clock.settle()
      return clockOf(hosted.cluster)
    },
  }),
]
