import type { GroupResource } from '#apimachinery/resource/resource-info.ts'
import { deepCopy } from '#apimachinery/value/json-value.ts'
import type { Transport } from '#client/transport.ts'
import { type StoryAnswer, whyPath } from '#client/why.ts'
import { Story } from './story.ts'

/**
 * Asks the server for the story of an object, be it gone or not.
 * @throws StatusError NotFound when nothing is known of such an object
 */
export async function readStory(
  transport: Transport,
  { group, resource, namespace, name }: GroupResource & { namespace?: string | undefined; name: string },
  signal: AbortSignal,
): Promise<Story> {
  const query = new URLSearchParams({ group, resource, namespace: namespace ?? '', name })
  const { body } = await transport.request({ method: 'GET', path: `${whyPath}?${query}` }, signal)
  // In process it shows the server's own values, and readers of stories are anybody.
  return new Story(deepCopy(body as StoryAnswer))
}
