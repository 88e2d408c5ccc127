/** The package contains types, but its `exports` do not list them. This declares the part in use. */
declare module 'ansi-sequence-parser' {
  export type Color =
    | { type: 'named'; name: string }
    | { type: 'table'; index: number }
    | { type: 'rgb'; rgb: [number, number, number] };
  export type DecorationType =
    'bold' | 'dim' | 'italic' | 'underline' | 'reverse' | 'hidden' | 'strikethrough' | 'overline';
  export interface ParseToken {
    value: string;
    foreground: Color | null;
    background: Color | null;
    decorations: Set<DecorationType>;
  }
  export function createAnsiSequenceParser(): { parse(value: string): ParseToken[] };
  export function createColorPalette(): { value(color: Color): string | undefined };
}
