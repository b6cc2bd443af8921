import type { Change, RecordedWrite } from '#client/why.ts'
import type { Story } from './story.ts'

/** More changes of one write than these are counted only. */
const linesMax = 6
const lineLengthMax = 160
const valueLengthMax = 120
const agentLengthMax = 60

/** A story as people read it: oldest first, below each write what it changed and what led to it. */
export function storyText(story: Story): string {
  const lines = earlierText(story)
  const told = new Set<RecordedWrite>()
  for (let index = 0; index < story.writes.length; ) {
    const write = story.writes[index]!
    told.add(write)
    lines.push(`${timeText(write)}  ${whatText(write)} by ${writerOf(write)}`)
    lines.push(...indented(6, [...changesText(write), ...managerText(write), ...becauseText(write, story, told)]))
    const like = writesLike(write, story.writes.slice(index + 1))
    if (like.length > 0) lines.push(...indented(6, [`and so ${like.length} times more, the last at ${timeText(like.at(-1)!)}`]))
    index += 1 + like.length
  }
  return `${lines.join('\n')}\n`
}

function earlierText({ earlier, recordedSince }: Story): string[] {
  if (earlier === undefined) return []
  if (earlier === 'many') return ['(earlier writes are left out)']
  const since = recordedSince === undefined ? '' : `; the oldest record is of ${recordedSince}`
  return [`(what happened to it before is not recorded${since})`]
}

/** Heartbeats: writes of the same fields by the same writer, that are the answer to nothing. Two of them are told one by one. */
function writesLike(write: RecordedWrite, following: readonly RecordedWrite[]): readonly RecordedWrite[] {
  const end = following.findIndex(other => kindOf(other) !== kindOf(write))
  const like = end < 0 ? following : following.slice(0, end)
  return write.effect === 'changed' && write.cause === undefined && like.length > 1 ? like : []
}

function kindOf(write: RecordedWrite): string {
  const paths = (write.changes ?? []).map(({ path }) => path).sort()
  return JSON.stringify([whatText(write), writerOf(write), write.fieldManager, write.cause, paths])
}

/** Each cause behind the other, until one that was told already. */
function becauseText(write: RecordedWrite, story: Story, told: Set<RecordedWrite>): string[] {
  const lines: string[] = []
  for (let at: RecordedWrite | undefined = write; at !== undefined; ) {
    if (at.cause?.reason !== undefined) lines.push(...indented(at === write ? 0 : 4, [`because ${at.cause.reason}`]))
    const cause = story.causeOf(at)
    if (cause === undefined) {
      if (at.cause?.resourceVersion !== undefined)
        lines.push(`← a write that is not recorded any more (resourceVersion ${at.cause.resourceVersion})`)
      break
    }
    const name = story.writes.includes(cause) ? 'it' : nameOf(cause)
    lines.push(`← ${timeText(cause)}  ${name} was ${whatText(cause)} by ${writerOf(cause)}`)
    if (told.has(cause)) break
    told.add(cause)
    lines.push(...indented(4, [...changesText(cause), ...managerText(cause)]))
    at = cause
  }
  return lines
}

function indented(width: number, lines: readonly string[]): string[] {
  return lines.map(line => `${' '.repeat(width)}${line}`)
}

function timeText({ time }: RecordedWrite): string {
  return time.replace('T', ' ').replace('Z', '')
}

function nameOf({ object: { kind, namespace, name } }: RecordedWrite): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`
}

function whatText({ effect, subresource }: RecordedWrite): string {
  if (effect === 'deletion asked') return 'marked for deletion'
  return effect === 'changed' && subresource !== undefined ? `changed (${subresource})` : effect
}

/** Most say by their manager what they are; the name of a program says what it is called by default. */
function managerText({ fieldManager, userAgent }: RecordedWrite): string[] {
  const isTelling = fieldManager !== undefined && fieldManager !== '' && fieldManager !== programOf(userAgent)
  return isTelling ? [`as field manager ${shortened(fieldManager, valueLengthMax)}`] : []
}

/** The component, and the node that it speaks for; else the user, and the program. */
export function writerOf({ user, userAgent }: Pick<RecordedWrite, 'user' | 'userAgent'>): string {
  const program = programOf(userAgent)
  // Name, version and a third name, with no system in brackets between them.
  const third = /^[^/ ]+\/[^/ ]+\/([^/ ]+)$/.exec(userAgent)?.[1]
  if (user.startsWith('system:node:')) return `${program} of ${user.slice('system:node:'.length)}`
  const controller = /^system:serviceaccount:kube-system:(.+)$/.exec(user)?.[1]
  // The part of ours that acts.
  if (controller !== undefined) return third ?? controller
  if (user === 'system:apiserver' || user === `system:${program}`) return user.slice('system:'.length)
  // Generated clients are all called the same; the language stands behind.
  const agent = shortened(third === undefined ? program : userAgent, agentLengthMax)
  return agent === '' ? user : `${user} (${agent})`
}

/** What the API server calls it, too: what stands before the first slash. */
function programOf(userAgent: string): string {
  return userAgent.split('/', 1)[0]!
}

/** One line for each field, or for all of an element of a list. */
function changesText({ changes, effect }: RecordedWrite): string[] {
  if (changes === undefined) return effect === 'changed' ? ['(what changed is not stored any more)'] : []
  // Times and the like say little beside what has changed, but are all that a heartbeat says.
  const telling = changes.filter(({ path }) => !/(Time|At|ID|[gG]eneration)$/.test(path))
  const groups = Map.groupBy(telling.length > 0 ? telling : changes.slice(0, 1), ({ path }) => elementOf(path))
  const lines = Array.from(groups, ([element, group]) => groupText(element, group))
  const more = lines.length - linesMax
  return more <= 1 ? lines : [...lines.slice(0, linesMax), `and ${more} more`]
}

/** `status.conditions[Ready]` of `status.conditions[Ready].status`; other paths as they are. */
function elementOf(path: string): string {
  const end = path.indexOf('].')
  return end < 0 ? path : path.slice(0, end + 1)
}

function groupText(element: string, group: readonly Change[]): string {
  if (group.length === 1 && group[0]!.path === element) return `${element}: ${changeText(group[0]!)}`
  const key = /\[([^[]*)\]$/.exec(element)?.[1]
  // What the element is called stands in its path already.
  const fields = group.filter(({ before, after }) => before !== undefined || (after !== key && !isEmpty(after)) || group.length === 1)
  const texts = fields.map(change => `${change.path.slice(element.length + 1)} ${changeText(change)}`)
  // The line may be too long: first what is short, such as a status or a reason.
  return shortened(`${element}: ${texts.sort((left, right) => left.length - right.length).join(', ')}`, lineLengthMax)
}

function changeText(change: Change): string {
  if (change.isSecret) return '(secret)'
  const after = change.after === undefined ? 'none' : valueText(change.after)
  return change.before === undefined ? after : `${valueText(change.before)} → ${after}`
}

function valueText(value: unknown): string {
  return shortened(typeof value === 'string' ? value : JSON.stringify(value).replaceAll('"', ''), valueLengthMax)
}

function isEmpty(value: unknown): boolean {
  return value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
}

function shortened(text: string, lengthMax: number): string {
  return text.length > lengthMax ? `${text.slice(0, lengthMax - 1)}…` : text
}
