import type { KubeObject } from '#apimachinery/meta/v1/object.ts'
import { schemas as metaSchemas } from '#apimachinery/meta/v1/schema.gen.ts'
import { type MessageSchema, SchemaRegistry } from '#apimachinery/schema/schema.ts'
import { invalid } from '#apimachinery/validation/field-error.ts'
import { isDeepStrictEqual } from 'node:util'
import type { Resource, Strategy } from '../registry/resource.ts'

/** A kind that exists only in tests: namespaced, with a status. */
export interface Widget extends KubeObject {
  spec: { size?: number; node?: string; parts?: { name: string; count?: number }[]; note?: string }
  status: { phase?: string }
}

const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'

const widgetSchemas: Record<string, Omit<MessageSchema, 'name'>> = {
  'test.Widget': {
    root: true,
    fields: {
      metadata: { number: 1, type: objectMeta, embedded: true },
      spec: { number: 2, type: 'test.WidgetSpec', embedded: true },
      status: { number: 3, type: 'test.WidgetStatus', embedded: true },
    },
  },
  'test.WidgetSpec': {
    fields: {
      size: { number: 1, type: 'int32', pointer: true },
      node: { number: 2, type: 'string' },
      parts: {
        number: 3,
        type: 'test.Part',
        shape: 'list',
        listType: 'map',
        listMapKeys: ['name'],
        patchStrategy: 'merge',
        patchMergeKey: 'name',
      },
      note: { number: 4, type: 'string' },
    },
  },
  'test.Part': { fields: { name: { number: 1, type: 'string', required: true }, count: { number: 2, type: 'int32' } } },
  'test.WidgetStatus': { fields: { phase: { number: 1, type: 'string' } } },
}

export const widgetRegistry = new SchemaRegistry(metaSchemas, widgetSchemas)

const strategy: Strategy<Widget> = {
  applyDefaults(widget) {
    widget.spec.size ??= 1
  },
  prepareForCreate(widget) {
    widget.status = {}
    widget.metadata.generation = 1
  },
  validateCreate: widget => validate(widget),
  prepareForUpdate(widget, old) {
    widget.status = old.status
    if (!isDeepStrictEqual(widget.spec, old.spec)) widget.metadata.generation = (old.metadata.generation ?? 0) + 1
  },
  validateUpdate: widget => validate(widget),
  resetFields: [['status']],
}

const statusStrategy: Strategy<Widget> = {
  validateCreate: () => [],
  prepareForUpdate(widget, old) {
    widget.spec = old.spec
    widget.metadata = { ...old.metadata, resourceVersion: widget.metadata.resourceVersion, managedFields: widget.metadata.managedFields }
  },
  validateUpdate: () => [],
  resetFields: [['spec'], ['metadata']],
}

function validate({ spec }: Widget): ReturnType<Strategy['validateCreate']> {
  return (spec.size ?? 0) < 0 ? [invalid('spec.size', spec.size, 'must be greater than or equal to 0')] : []
}

/** @param changes for resources that differ in something */
export function widgetResource(changes: Partial<Resource<Widget>> = {}): Resource {
  const resource: Resource<Widget> = {
    info: {
      group: 'test.example',
      version: 'v1',
      kind: 'Widget',
      resource: 'widgets',
      singular: 'widget',
      shortNames: ['wd'],
      categories: ['all'],
      namespaced: true,
      schema: 'test.Widget',
    },
    strategy,
    columns: [
      { name: 'Name', type: 'string', format: 'name', priority: 0, description: 'Name.', value: widget => widget.metadata.name },
      { name: 'Size', type: 'integer', priority: 0, description: 'Size.', value: widget => widget.spec.size ?? 0 },
    ],
    selectableFields: widget => ({ 'spec.node': widget.spec.node ?? '', 'status.phase': widget.status.phase ?? '' }),
    subresources: { status: { type: 'update', strategy: statusStrategy as unknown as Strategy<never> } },
    ...changes,
  }
  return resource as unknown as Resource
}

export function newWidget(name: string, changes: Partial<Widget> = {}): Widget {
  const widget: Widget = { apiVersion: 'test.example/v1', kind: 'Widget', metadata: { name }, spec: {}, status: {} }
  return { ...widget, ...changes, metadata: { ...widget.metadata, ...changes.metadata } }
}
