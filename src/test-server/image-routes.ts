import { newNotFound } from '#apimachinery/status/status.ts'
import { SimulatedImages } from '#cri/simulated/index.ts'
import { type ImageDeclaration, imageDeclarations, splitImage } from './image-shape.ts'
import { refusedBy } from './refused.ts'
import { route } from './route.ts'
import { list, object, text } from '#apimachinery/validation/shape.ts'

const names = object({ images: list(text()) }, {})

/** All of them or, when one makes no sense, none. @throws StatusError */
export function defineImages(images: SimulatedImages, declarations: Readonly<Record<string, ImageDeclaration>>): string[] {
  const trial = new SimulatedImages()
  for (const target of [trial, images]) {
    for (const [name, declaration] of Object.entries(declarations)) {
      const { script, options } = splitImage(declaration)
      try {
        target.define(name, script, options)
      } catch (error) {
        throw refusedBy(error, `[${name}]`, declaration)
      }
    }
  }
  return Object.keys(declarations)
}

/** What images do. */
export const imageRoutes = [
  route({
    method: 'POST',
    path: '/images',
    summary: 'Says what names of images stand for; containers that exist keep what they were made of',
    body: imageDeclarations,
    answer: names,
    run: ({ hosted, body }) => ({ images: defineImages(hosted.cluster.images, body) }),
  }),
  route({
    method: 'DELETE',
    path: '/images',
    summary: 'Takes the definition of a name back',
    query: object({ name: text() }, {}),
    answer: names,
    run: ({ hosted, query: { name } }) => {
      if (!hosted.cluster.images.forget(name)) throw newNotFound({ group: '', resource: 'images' }, name)
      return { images: [name] }
    },
  }),
]
