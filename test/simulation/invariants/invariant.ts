import type { LoggedWrite } from '../write-log.ts'
import type { World } from '../world.ts'

/** What must be true of a cluster, whatever is done to it. Each part says what is wrong; what is right is not worth a word. */
export interface Invariant {
  /** What is true. */
  readonly name: string
  /** Each write, in order. */
  onWrite?(write: LoggedWrite): string | undefined
  /** The cluster is quiet: nobody has anything to do before time moves on. */
  whenQuiet?(world: World): string | undefined
  /** Faults have stopped some time ago; what is said here must end. */
  whenSettled?(world: World): Iterable<string> | Promise<Iterable<string>>
  /** The users' objects were deleted; what is said here must end. */
  whenEmpty?(world: World): Iterable<string> | Promise<Iterable<string>>
}
