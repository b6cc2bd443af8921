import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * The file that a new context goes into when none is named, by the rule of `kubectl config`: of the list in KUBECONFIG the first that is
 * there, else its last; without a list the one in the home folder.
 */
export function defaultKubeconfig(list: string | undefined, home: string, isThere: (path: string) => boolean = existsSync): string {
  const paths = (list ?? '').split(delimiter).filter(path => path !== '')
  return paths.find(isThere) ?? paths.at(-1) ?? join(home, '.kube/config')
}
