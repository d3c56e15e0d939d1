/** Made when first asked for, and kept: a thread makes thousands of inputs of each seed. */
export function kept<T>(make: () => T): () => T {
  let value: { readonly made: T } | undefined;
  return () => (value ??= { made: make() }).made;
}
