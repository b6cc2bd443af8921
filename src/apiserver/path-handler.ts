import type { UserInfo } from './registry/resource.ts'
import type { APIRequest } from './request/api-request.ts'
import type { APIResponse } from './request/api-response.ts'

/** Serves a path that is no resource: health, version, discovery, OpenAPI. */
export interface PathHandler {
  /** Starts with a slash, ends without. */
  path: string
  /** Everything below the path too. */
  prefix?: boolean
  handle(request: APIRequest, user: UserInfo): Promise<APIResponse> | APIResponse
}

/** Finds the handler of a path. */
export class PathTable {
  readonly #exact = new Map<string, PathHandler>()
  readonly #prefixes: PathHandler[] = []

  add(handler: PathHandler): void {
    this.#exact.set(handler.path, handler)
    if (handler.prefix === true) this.#prefixes.push(handler)
    this.#prefixes.sort((a, b) => b.path.length - a.path.length)
  }

  find(path: string): PathHandler | undefined {
    const exact = this.#exact.get(path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path)
    return exact ?? this.#prefixes.find(handler => path.startsWith(`${handler.path}/`))
  }

  /** All paths, sorted. */
  get paths(): string[] {
    return [...this.#exact.keys()].sort()
  }
}
