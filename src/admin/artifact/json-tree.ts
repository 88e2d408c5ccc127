/** A value of a JSON file for the templates. Texts are as in the file, so that long numbers keep their digits. */
export interface JsonNode {
  /** The name of a member with its quotes, or the index of an item; null for the whole file. */
  name: string | null;
  /** The text of a value that is shown in one line; null for a value with children. */
  value: string | null;
  isString: boolean;
  isArray: boolean;
  /** The number of members or items, shown or not. */
  count: number;
  /** Helps to find an item while it is folded: its first short text. */
  hint: string | null;
  isOpen: boolean;
  children: JsonNode[];
  /** The number of members or items that are not shown. */
  left: number;
}

/** A larger page would be of no use. */
const MAX_NODES = 20_000;
const MAX_CHILDREN = 2_000;
/** Members of deeper values are counted only. */
const MAX_DEPTH = 20;
const OPEN_DEPTH = 2;
/** A short object or list without others inside is shown in one line. */
const SHORT_LINE = 80;
const LONGEST_HINT = 60;
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}:,]|[^\s"[\]{}:,]+/gs;

/** An object or list that has begun. */
interface Frame {
  node: JsonNode;
  /** False if its members are only counted. */
  isHeld: boolean;
  /** The value in one line; null if it is too long, or has others inside. */
  line: string | null;
  /** The name of the member whose value comes next. */
  name: string | null;
}

/** Returns the file as a tree; null if it is not valid JSON. */
export function jsonTree(source: string): JsonNode | null {
  try {
    JSON.parse(source);
  } catch {
    return null;
  }
  return new JsonTreeBuilder().build(source);
}

/** Reads the tokens of valid JSON. Values beyond the limits are counted and not kept. */
class JsonTreeBuilder {
  private readonly frames: Frame[] = [];
  private root: JsonNode | null = null;
  private kept = 0;

  build(source: string): JsonNode {
    for (const [token] of source.matchAll(TOKENS)) this.take(token);
    return this.root!;
  }

  private take(token: string): void {
    const frame = this.frames.at(-1);
    if (token === '{' || token === '[') return this.begin(token);
    if (frame?.line != null) {
      const line = frame.line + (token === ',' || token === ':' ? `${token} ` : token);
      frame.line = line.length > SHORT_LINE ? null : line;
    }
    if (token === ',' || token === ':') return;
    if (token === '}' || token === ']') this.end();
    else if (frame !== undefined && !frame.node.isArray && frame.name === null) frame.name = token;
    else this.put({ ...node(this.nameOfNext()), value: token, isString: token.startsWith('"') });
  }

  private begin(token: string): void {
    const depth = this.frames.length;
    const started = { ...node(this.nameOfNext()), isArray: token === '[', isOpen: depth < OPEN_DEPTH };
    const isHeld = this.put(started) && depth < MAX_DEPTH;
    const outer = this.frames.at(-1);
    if (outer) outer.line = null;
    this.frames.push({ node: started, isHeld, line: token, name: null });
  }

  private end(): void {
    const { node: ended, line } = this.frames.pop()!;
    if (line === null) return;
    this.kept -= ended.children.length;
    Object.assign(ended, { value: line, children: [], left: 0 });
  }

  /** @returns false if the value is only counted */
  private put(child: JsonNode): boolean {
    const frame = this.frames.at(-1);
    if (frame === undefined) this.root = child;
    else {
      const { node: parent, isHeld } = frame;
      parent.count++;
      if (!isHeld || parent.children.length >= MAX_CHILDREN || this.kept >= MAX_NODES) {
        parent.left++;
        return false;
      }
      if (child.isString && child.value!.length <= LONGEST_HINT) parent.hint ??= child.value;
      parent.children.push(child);
    }
    this.kept++;
    return true;
  }

  private nameOfNext(): string | null {
    const frame = this.frames.at(-1);
    if (frame === undefined) return null;
    if (frame.node.isArray) return String(frame.node.count);
    const { name } = frame;
    frame.name = null;
    return name;
  }
}

function node(name: string | null): JsonNode {
  return {
    name,
    value: null,
    isString: false,
    isArray: false,
    count: 0,
    hint: null,
    isOpen: false,
    children: [],
    left: 0,
  };
}
