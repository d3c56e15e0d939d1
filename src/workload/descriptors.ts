/** The program's operations on descriptors but opening and closing: copies, flags, and messages that carry them. */
import { EINVAL, EPIPE, FOPS, SIGPIPE } from "../kernels/constants.js";
import type { Kernel } from "../kernels/kernel.js";
import type { Op } from "../simulate/step.js";
import { onFile, returning } from "./syscalls.js";
import { assign, kill, type Outcome, UNSET, type User } from "./user.js";

/** Bytes that `write` writes. */
const WRITTEN = 64;

/** dup2(2). */
export function* dupOver(kernel: Kernel, fd: number, over: number): Op<number> {
  return yield* returning(kernel, kernel.dup2(fd, over));
}

/** dup(2) `times` times, or until it fails; returns the outcome of the last. */
export function* dupMany(kernel: Kernel, fd: number, times: number): Op<Outcome> {
  let outcome = UNSET;
  for (let k = 0; k < times; k++) {
    const result = yield* returning(kernel, kernel.dup(fd));
    outcome = { result };
    if (result < 0) break;
  }
  return outcome;
}

/** fcntl(F_DUPFD): the lowest that is free, from `from` on. */
export function* dupFrom(kernel: Kernel, fd: number, from: number): Op<number> {
  return yield* returning(
    kernel,
    onFile(kernel, fd, (file) => kernel.f_dupfd(from, file)),
  );
}

/** fcntl(F_SETFD, FD_CLOEXEC). */
export function* closeOnExec(kernel: Kernel, fd: number): Op<number> {
  return yield* returning(
    kernel,
    onFile(kernel, fd, function* () {
      yield* kernel.set_close_on_exec(fd);
      return 0;
    }),
  );
}

/** write(2): no file of KVM has it, and a socket takes it all. */
export function* write(kernel: Kernel, user: User, fd: number): Op<number> {
  const result = yield* returning(
    kernel,
    onFile(kernel, fd, function* (file) {
      return kernel.get(file.f_op) === FOPS.socket ? yield* kernel.unix_stream_sendmsg(file, WRITTEN, null) : -EINVAL;
    }),
  );
  if (result === -EPIPE) yield* kill(user, SIGPIPE);
  return result;
}

/** A pair of sockets, by the names `S.0` and `S.1`. */
export function* socket(kernel: Kernel, user: User, name: string): Op<number> {
  const fds = yield* returning(kernel, kernel.socketpair());
  if (typeof fds === "number") return fds;
  yield* assign(kernel, user, `${name}.0`, fds[0]);
  yield* assign(kernel, user, `${name}.1`, fds[1]);
  return 0;
}

/** sendmsg(2) of a byte and a descriptor. */
export function* send(kernel: Kernel, user: User, socketFd: number, fd: number): Op<number> {
  const result = yield* returning(kernel, kernel.__sys_sendmsg(socketFd, fd));
  if (result === -EPIPE) yield* kill(user, SIGPIPE);
  return result;
}

/** recvmsg(2) of a byte: what came with it gets a name. */
export function* receive(kernel: Kernel, user: User, socketFd: number, name: string): Op<Outcome> {
  const received = yield* returning(kernel, kernel.__sys_recvmsg(socketFd));
  if (typeof received === "number") return { result: received };
  const extra = ` flags=${received.flags.toString(16)}`;
  return received.fd < 0 ? { ...UNSET, extra } : { result: yield* assign(kernel, user, name, received.fd), extra };
}
