import { readdir, readFile } from 'node:fs/promises'

/** The processes of this machine whose command line matches. Ended ones, whose exit code nobody has asked for yet, have none. */
export async function findProcesses(matches: (args: readonly string[]) => boolean): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger)
  const found = await Promise.all(
    pids.map(async pid => {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      return line !== '' && matches(line.split('\0'))
    }),
  )
  return pids.filter((_, index) => found[index])
}
