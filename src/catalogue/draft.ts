/** An entry of a snapshot while the snapshot is being built. */
export type Draft<Entry> = {
  -readonly [Key in keyof Entry]: Entry[Key] extends readonly (infer Item)[] ? Item[] : Entry[Key];
};
