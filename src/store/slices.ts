/** Cuts items into slices of at most `maximumCount` items and about `maximumLength` in all. */
export function* slicesOf<Item>(
  items: Iterable<Item>,
  maximumCount: number,
  maximumLength = Number.POSITIVE_INFINITY,
  lengthOf: (item: Item) => number = () => 0,
): Generator<readonly Item[]> {
  let slice: Item[] = [];
  let length = 0;
  for (const item of items) {
    slice.push(item);
    length += lengthOf(item);
    if (slice.length < maximumCount && length < maximumLength) continue;
    yield slice;
    slice = [];
    length = 0;
  }
  if (slice.length > 0) yield slice;
}
