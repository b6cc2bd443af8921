import type { ResourceInfo } from '#apimachinery/resource/resource-info.ts'
import * as authentication from './authentication/v1/resources.ts'
import * as authorization from './authorization/v1/resources.ts'
import * as coordination from './coordination/v1/resources.ts'
import * as core from './core/v1/resources.ts'
import * as discovery from './discovery/v1/resources.ts'
import * as events from './events/v1/resources.ts'
import * as rbac from './rbac/v1/resources.ts'

/** Every kind that the server has from the start: what clients need not ask discovery for. */
export const builtinResourceInfos: readonly ResourceInfo[] = [
  core,
  events,
  coordination,
  discovery,
  rbac,
  authentication,
  authorization,
].flatMap(declarations => Object.values(declarations).filter((value): value is ResourceInfo => typeof value === 'object'))
