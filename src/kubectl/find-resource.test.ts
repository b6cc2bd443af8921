import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DiscoveredResource } from '#client/discovery.ts'
import { findResource } from './find-resource.ts'

const of = (group: string, resource: string, kind: string, shortNames: string[] = []): DiscoveredResource => ({
  ...{ group, version: 'v1', resource, kind, singular: kind.toLowerCase(), shortNames, namespaced: true, verbs: [] },
})
const resources = [
  of('', 'pods', 'Pod', ['po']),
  of('', 'events', 'Event'),
  of('events.k8s.io', 'events', 'Event'),
  of('x.y', 'podsets', 'PodSet'),
]

const cases: [text: string, want: string | undefined][] = [
  ['pods', '/pods'],
  ['pod', '/pods'],
  ['Pod', '/pods'],
  ['po', '/pods'],
  ['PODSET', 'x.y/podsets'],
  ['events', '/events'],
  ['events.events.k8s.io', 'events.k8s.io/events'],
  ['event.events.k8s.io', 'events.k8s.io/events'],
  ['pods.apps', undefined],
  ['gadgets', undefined],
  ['', undefined],
]
for (const [text, want] of cases) {
  test(`resource "${text}" → ${want ?? 'none'}`, () => {
    const found = findResource(text, resources)
    assert.equal(found && `${found.group}/${found.resource}`, want)
  })
}
