import type { FieldSelector } from '#apimachinery/fields/selector.ts'
import type { LabelSelector } from '#apimachinery/labels/selector.ts'
import type { Entry } from './entry.ts'

/** Which objects of a resource a list or watch is about. Immutable. */
export class Selection {
  /** Keys start with it. */
  readonly keyPrefix: string
  readonly labels: LabelSelector
  readonly fields: FieldSelector
  /** True if labels and fields do not matter. */
  readonly isWhole: boolean
  /** A field with the one value it must have: lets the dispatcher skip others cheaply. */
  readonly indexed: { field: string; value: string } | undefined

  constructor(keyPrefix: string, labels: LabelSelector, fields: FieldSelector) {
    this.keyPrefix = keyPrefix
    this.labels = labels
    this.fields = fields
    this.isWhole = labels.empty && fields.empty
    const exact = fields.requirements.find(requirement => requirement.operator === '=')
    this.indexed = exact && { field: exact.field, value: exact.value }
  }

  matches(entry: Entry): boolean {
    return entry.key.startsWith(this.keyPrefix) && (this.isWhole || this.matchesSelectors(entry))
  }

  /** For entries whose key is known to fit. */
  matchesSelectors(entry: Entry): boolean {
    return (this.fields.empty || this.fields.matches(entry.fields)) && (this.labels.empty || this.labels.matches(entry.labels))
  }
}
