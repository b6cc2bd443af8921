import { schemas as meta } from '#apimachinery/meta/v1/schema.gen.ts'
import { SchemaRegistry } from '#apimachinery/schema/schema.ts'
import { schemas as apidiscovery } from './apidiscovery/v2/schema.gen.ts'
import { schemas as authentication } from './authentication/v1/schema.gen.ts'
import { schemas as authorization } from './authorization/v1/schema.gen.ts'
import { schemas as coordination } from './coordination/v1/schema.gen.ts'
import { schemas as core } from './core/v1/schema.gen.ts'
import { schemas as discovery } from './discovery/v1/schema.gen.ts'
import { schemas as events } from './events/v1/schema.gen.ts'
import { schemas as policy } from './policy/v1/schema.gen.ts'
import { schemas as rbac } from './rbac/v1/schema.gen.ts'

/** Every message of every API group that we know. */
export const schemaRegistry: SchemaRegistry = new SchemaRegistry(
  meta,
  core,
  apidiscovery,
  authentication,
  authorization,
  coordination,
  discovery,
  events,
  policy,
  rbac,
)
