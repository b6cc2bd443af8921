import type { HostedCluster } from './hosted-cluster.ts'
import { object, type Shape } from '#apimachinery/validation/shape.ts'
import type { TimeClaim } from './time-claims.ts'

export type Method = 'GET' | 'POST' | 'DELETE'

/** One request. */
export interface Call<P extends string = string, Q = unknown, B = unknown> {
  hosted: HostedCluster
  /** From the path. */
  params: Record<P, string>
  query: Q
  body: B
  /** Aborted when the caller has gone. */
  signal: AbortSignal
}

/** One thing that the control API does, declared once: the server, its OpenAPI document and the tests read this. */
export interface Route {
  method: Method
  /** Below the control URL, with parameters in braces: `/nodes/{name}`. */
  path: string
  summary: string
  query: Shape<unknown>
  /** Left out: the route takes no body. */
  body?: Shape<unknown>
  answer: Shape<unknown>
  /** Left out: it does not matter what others do with time meanwhile. */
  time?: TimeClaim
  /** @throws StatusError for what is refused */
  run(call: Call): unknown
}

type ParamsOf<P extends string> = P extends `${string}{${infer Name}}${infer Rest}` ? Name | ParamsOf<Rest> : never

interface Declaration<P extends string, Q, B, A> {
  method: Method
  path: P
  summary: string
  query?: Shape<Q>
  body?: Shape<B>
  answer: Shape<A>
  time?: TimeClaim
  run(call: Call<ParamsOf<P>, Q, B>): A | Promise<A>
}

const noQuery = object({}, {})

/** Lets the compiler compare what a route declares with what it does. */
export function route<const P extends string, A, Q = unknown, B = unknown>(declaration: Declaration<P, Q, B, A>): Route {
  return { query: noQuery, ...declaration, run: call => declaration.run(call as Call<ParamsOf<P>, Q, B>) }
}
