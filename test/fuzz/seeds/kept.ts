/** Makes a value on first use, and keeps it: a thread makes thousands of inputs of each seed. */
export function kept<T>(make: () => T): () => T {
  let value: { readonly made: T } | undefined;
  return () => (value ??= { made: make() }).made;
}
