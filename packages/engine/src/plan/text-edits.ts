/** Text put in the place of a range of another text; an insertion where `start` equals `end`. */
export interface TextEdit {
  readonly start: number
  readonly end: number
  readonly text: string
}

export interface EditedText {
  readonly text: string
  /** Where an offset of the edited text stood before; inside a replacement, the start of what it replaced. */
  toOriginal(offset: number): number
}

/** A text with edits applied, and the way back from its offsets. The edits may not overlap; their order is free. */
export function applyEdits(original: string, edits: readonly TextEdit[]): EditedText {
  const ordered = [...edits].sort((a, b) => a.start - b.start || a.end - b.end)
  const pieces: { readonly at: number; readonly from: number; readonly isEdit: boolean }[] = []
  let text = ''
  let from = 0
  for (const edit of ordered) {
    if (edit.start < from) throw new TypeError(`edits overlap at offset ${edit.start}`)
    pieces.push({ at: text.length, from, isEdit: false })
    text += original.slice(from, edit.start)
    pieces.push({ at: text.length, from: edit.start, isEdit: true })
    text += edit.text
    from = edit.end
  }
  pieces.push({ at: text.length, from, isEdit: false })
  text += original.slice(from)
  return {
    text,
    toOriginal(offset) {
      const piece = pieces.findLast((candidate) => candidate.at <= offset)
      if (piece === undefined) return 0
      return piece.isEdit ? piece.from : piece.from + (offset - piece.at)
    },
  }
}

export interface TextRange {
  readonly start: number
  readonly end: number
}

/** A text made of pieces of another one, in any order, and of pieces of its own. */
export function composeText(original: string, pieces: readonly (string | TextRange)[]): EditedText {
  const places: { readonly at: number; readonly from: number; readonly isOwn: boolean }[] = []
  let text = ''
  let from = 0
  for (const piece of pieces) {
    const isOwn = typeof piece === 'string'
    places.push({ at: text.length, from: isOwn ? from : piece.start, isOwn })
    text += isOwn ? piece : original.slice(piece.start, piece.end)
    if (!isOwn) from = piece.end
  }
  return {
    text,
    toOriginal(offset) {
      const place = places.findLast((candidate) => candidate.at <= offset)
      if (place === undefined) return 0
      return place.isOwn ? place.from : place.from + (offset - place.at)
    },
  }
}

/** Offsets in UTF-16 units for DuckDB's offsets in UTF-8 bytes. */
export function byteOffsets(text: string): (byte: number) => number {
  const bytes = Buffer.from(text)
  if (bytes.length === text.length) return (byte) => byte
  return (byte) => bytes.subarray(0, byte).toString().length
}

/** Offsets in UTF-16 units for offsets in code points, in which DuckDB's parser (not its binder) tells its errors. */
export function codePointOffsets(text: string): (codePoint: number) => number {
  return (codePoint) => [...text].slice(0, codePoint).join('').length
}
