import type { Pod } from '#api/core/v1/types.gen.ts'
import { podOf } from './pod-of.ts'

/** A pod that behaves well and has five seconds to end. */
export function shortPod(name: string): Pod {
  return podOf(name, { image: 'web' }, { terminationGracePeriodSeconds: 5 })
}
