import { clockRoutes } from './clock-routes.ts'
import { clusterRoutes } from './cluster-routes.ts'
import { faultRoutes } from './fault-routes.ts'
import { imageRoutes } from './image-routes.ts'
import { nodeFaultRoutes } from './node-fault-routes.ts'
import { nodeRoutes } from './node-routes.ts'
import { openAPIRoute } from './openapi.ts'
import type { Route } from './route.ts'
import { snapshotRoutes } from './snapshot-routes.ts'
import { storageFaultRoutes } from './storage-fault-routes.ts'

const declared: readonly Route[] = [
  ...clusterRoutes,
  ...clockRoutes,
  ...imageRoutes,
  ...nodeRoutes,
  ...faultRoutes,
  ...storageFaultRoutes,
  ...nodeFaultRoutes,
  ...snapshotRoutes,
]

/** All of the control API. */
export const routes: readonly Route[] = [...declared, openAPIRoute(declared)]
