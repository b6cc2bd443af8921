import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureKubectl } from '../../hack/kubectl.ts'
import { root } from '../e2e/cluster.ts'

/** A home of its own for programs in other languages, with `cox` and `kubectl` in it, as a user has them. */
export class ProgramsFolder implements AsyncDisposable {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  static async make(): Promise<ProgramsFolder> {
    const folder = await mkdtemp(join(tmpdir(), 'cox-programs-'))
    const node = [process.execPath, ...process.execArgv.filter(arg => !arg.startsWith('--test')), join(root, 'cmd/cox.ts')]
    await writeFile(join(folder, 'cox'), `#!/bin/sh\nexec ${node.map(word => `'${word}'`).join(' ')} "$@"\n`)
    await chmod(join(folder, 'cox'), 0o755)
    await symlink(await ensureKubectl('1.36'), join(folder, 'kubectl'))
    return new ProgramsFolder(folder)
  }

  get env(): Record<string, string> {
    return { PATH: `${this.folder}:${process.env['PATH']}`, HOME: this.folder }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true })
  }
}
