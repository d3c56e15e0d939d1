/** Permission bits that the kernel gives to files without a name. */
export const S_IRUSR_S_IWUSR = 0o600;
