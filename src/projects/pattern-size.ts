/** A quote, a character with a number or name in braces, a class, a repeat, a bracket, or any empty character. */
const TOKEN =
  /\\Q(?<quote>.*?)(?:\\E|$)|\\[pPux]\{[^}]*\}|(?<empty>[\^$*+?]|\\[bBAzZ])|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]|\{(?<least>\d{1,9})(?:,(?<most>\d{0,9}))?\}|(?<open>\()(?:\?(?:P?<\w+>|[a-zA-Z-]*:|[a-zA-Z-]+(?=\))))?|(?<close>\))|(?<or>\|)|./gsu;

interface Group {
  /** The size of the alternatives before the current one. */
  before: number;
  /** Alternatives of one character become one class, so only the first of them counts. */
  hasSingle: boolean;
  current: number;
  /** The size of the part that a repeat applies to. */
  last: number;
}

/**
 * Returns about how many characters and classes a pattern has after its repeats are expanded: 60 for `([a-z]b){30}`.
 * Counting them is quick even where compiling the pattern takes a second.
 */
export function expandedSize(pattern: string): number {
  const outer: Group[] = [];
  let group = emptyGroup();
  for (const { groups = {} } of pattern.matchAll(TOKEN)) {
    const { quote, least, most, open, close, or, empty } = groups;
    if (open !== undefined) {
      outer.push(group);
      group = emptyGroup();
    } else if (close !== undefined) {
      const size = sizeOf(group);
      group = outer.pop() ?? emptyGroup();
      add(group, size);
    } else if (or !== undefined) group = { ...endAlternative(group), current: 0, last: 0 };
    else if (least !== undefined) {
      const expanded = group.last * Math.max(Number(least), Number(most ?? 0));
      group.current += expanded - group.last;
      group.last = expanded;
    } else if (empty === undefined) add(group, quote?.length ?? 1);
  }
  // Brackets that are not closed: the compiler reports them.
  return outer.reduce((size, each) => size + sizeOf(each), sizeOf(group));
}

function emptyGroup(): Group {
  return { before: 0, hasSingle: false, current: 0, last: 0 };
}

function add(group: Group, size: number): void {
  group.current += size;
  group.last = size;
}

function endAlternative({ before, hasSingle, current }: Group): Pick<Group, 'before' | 'hasSingle'> {
  const isMerged = current === 1 && hasSingle;
  return { before: before + (isMerged ? 0 : current), hasSingle: hasSingle || current === 1 };
}

function sizeOf(group: Group): number {
  return endAlternative(group).before;
}
