import type { HTTPAnswer, HTTPQuestion, ImageScript } from './image.ts'
import { answerOf, type HTTPListener } from './network.ts'

const ok: HTTPAnswer = Object.freeze({ status: 200 })

/** Answers as a script says, for all containers of an image. */
export class ImageListener implements HTTPListener {
  readonly #script: ImageScript

  constructor(script: ImageScript) {
    this.#script = script
  }

  http(request: HTTPQuestion): HTTPAnswer | Promise<HTTPAnswer> {
    const { http } = this.#script
    if (http === undefined) return ok
    const question = request.path.indexOf('?')
    const path = question < 0 ? request.path : request.path.slice(0, question)
    const script = Object.hasOwn(http, path) ? http[path] : http['*']
    return script === undefined ? { status: 404, body: '404 page not found\n' } : answerOf(script, request)
  }
}
