/** net/unix/af_unix.c and net/socket.c: pairs of stream sockets. Those in flight in a ring are never collected here. */
import { add, allocate, change, create, store, unprobed, when } from "../../../simulate/step.js";
import {
  EAGAIN,
  EBADF,
  ECONNRESET,
  ENOMEM,
  ENOTSOCK,
  EPIPE,
  FMODE_OPENED,
  FOPS,
  O_CLOEXEC,
  O_RDWR,
  S_IFSOCK,
  SOCKFS_MAGIC,
} from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";

/** Numbers of a message in a queue: the file in flight, and the bytes left. */
const SKB = 2;

export const unixSockets = {
  *sockfs_init_fs_context(fc) {
    return (yield* this.init_pseudo(fc, SOCKFS_MAGIC)) ? 0 : -ENOMEM;
  },

  /** socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC): returns both descriptors, or an error. */
  *socketpair() {
    const fd1 = yield* this.get_unused_fd_flags(O_CLOEXEC);
    if (fd1 < 0) return fd1;
    const fd2 = yield* this.get_unused_fd_flags(O_CLOEXEC);
    const files = fd2 < 0 ? fd2 : yield* this.unix_socketpair();
    if (typeof files === "number") {
      if (fd2 >= 0) yield* this.put_unused_fd(fd2);
      yield* this.put_unused_fd(fd1);
      return files;
    }
    yield* this.fd_install(fd1, files[0]);
    yield* this.fd_install(fd2, files[1]);
    return [fd1, fd2];
  },

  *unix_socketpair() {
    const one = yield* this.sock_alloc_file();
    if (typeof one === "number") return one;
    const other = yield* this.sock_alloc_file();
    if (typeof other === "number") {
      yield* this.fput(one);
      return other;
    }
    const ska = this.unixSock(this.get(one.private_data));
    const skb = this.unixSock(this.get(other.private_data));
    // Each holds the other.
    yield store(
      "unix_peer(ska) = skb; unix_peer(skb) = ska",
      [ska.peer, skb.pointer],
      [skb.peer, ska.pointer],
      [ska.sk_refcnt, 2],
      [skb.sk_refcnt, 2],
    );
    return [one, other];
  },

  /** A socket with its file. No probe of guest_memfd shows its inode's file system. */
  *sock_alloc_file() {
    const pointer = yield allocate("unix_sock", "sk_alloc(net, PF_UNIX)");
    if (!pointer) return -ENOMEM;
    const file = yield* unprobed(this.alloc_empty_file(O_RDWR));
    if (typeof file === "number") {
      yield store("sk_free(sk)", [this.unixSock(pointer).freed, 1]);
      return file;
    }
    const inode = this.inode(yield create("inode", "sock_alloc()"));
    yield store(
      "inode->i_mode = S_IFSOCK | S_IRWXUGO",
      [inode.i_mode, S_IFSOCK | 0o777],
      [inode.i_nlink, 1],
      [inode.i_sb, this.get(this.mount(this.get(this.system.sock_mnt)).mnt_sb)],
      [inode.i_ino, yield* this.get_next_ino()],
    );
    yield store(
      "file->private_data = sock",
      [file.f_mode, this.get(file.f_mode) | FMODE_OPENED],
      [file.f_op, FOPS.socket],
      [file.f_inode, inode.pointer],
      [file.private_data, pointer],
      [this.unixSock(pointer).sk_refcnt, 1],
    );
    return file;
  },

  /** sendmsg(2) of one byte, and of a descriptor with it. */
  *__sys_sendmsg(fd, passed) {
    const held = yield* this.fdget(fd);
    if (!held.file) return -EBADF;
    let result: number = -ENOTSOCK;
    if (this.get(held.file.f_op) === FOPS.socket) {
      const file = yield* this.scm_fp_copy(passed);
      result = file ? yield* this.unix_stream_sendmsg(held.file, 1, file) : -EBADF;
    }
    yield* this.fdput(held);
    return result;
  },

  /**
   * Returns the count of bytes sent, or an error. The caller sends the SIGPIPE that goes with -EPIPE.
   */
  *unix_stream_sendmsg(socket, len, file) {
    const sk = this.unixSock(this.get(socket.private_data));
    let error = this.get(sk.sk_shutdown) ? -EPIPE : 0;
    if (!error) {
      const other = this.unixSock(this.get(sk.peer));
      yield* this.unix_state_lock(other);
      if (this.get(other.sk_shutdown)) error = -EPIPE;
      else
        yield change("skb_queue_tail(&other->sk_receive_queue, skb)", {
          type: "append",
          list: other.sk_receive_queue,
          values: [file?.pointer ?? 0, len],
        });
      yield* this.unix_state_unlock(other);
    }
    if (error && file) yield* this.scm_destroy(file);
    return error || len;
  },

  /** recvmsg(MSG_DONTWAIT | MSG_CMSG_CLOEXEC) of one byte, and of the descriptor that may come with it. */
  *__sys_recvmsg(fd) {
    const held = yield* this.fdget(fd);
    if (!held.file) return -EBADF;
    const result =
      this.get(held.file.f_op) === FOPS.socket
        ? yield* this.unix_stream_read_generic(this.unixSock(this.get(held.file.private_data)))
        : -ENOTSOCK;
    yield* this.fdput(held);
    return result;
  },

  *unix_stream_read_generic(sk) {
    yield* this.unix_state_lock(sk);
    const [pointer, bytes] = this.list(sk.sk_receive_queue);
    if (bytes === undefined) {
      const error = this.get(sk.sk_err) || (this.get(sk.sk_shutdown) ? 0 : -EAGAIN);
      yield store("sock_error(sk)", [sk.sk_err, 0]);
      yield* this.unix_state_unlock(sk);
      return error || { fd: -1, flags: 0 };
    }
    yield change(
      "unix_detach_fds(scm, skb)",
      { type: "put", list: sk.sk_receive_queue, index: 0, value: 0 },
      ...(bytes > 1
        ? [{ type: "put", list: sk.sk_receive_queue, index: 1, value: bytes - 1 } as const]
        : [{ type: "drop", list: sk.sk_receive_queue, value: 0, size: SKB } as const]),
    );
    yield* this.unix_state_unlock(sk);
    return pointer ? yield* this.scm_detach_fds(this.file(pointer)) : { fd: -1, flags: 0 };
  },

  /** Drops the messages not yet received, with the files in flight in them, and shuts the peer down. */
  *unix_release_sock(sk) {
    const peer = this.get(sk.peer);
    yield* this.unix_state_lock(sk);
    yield store("sk->sk_shutdown = SHUTDOWN_MASK", [sk.sk_shutdown, 1]);
    yield* this.unix_state_unlock(sk);
    const queue = this.list(sk.sk_receive_queue);
    if (peer) {
      const skpair = this.unixSock(peer);
      yield* this.unix_state_lock(skpair);
      yield store(
        "skpair->sk_shutdown = SHUTDOWN_MASK",
        [skpair.sk_shutdown, 1],
        ...(queue.length > 0 ? [[skpair.sk_err, -ECONNRESET] as const] : []),
      );
      yield* this.unix_state_unlock(skpair);
      yield* this.sock_put(skpair);
    }
    for (let k = 0; k < queue.length; k += SKB) if (queue[k]) yield* this.scm_destroy(this.file(queue[k]!));
    yield* this.sock_put(sk);
  },

  *sock_put(sk) {
    if ((yield add(sk.sk_refcnt, -1, "refcount_dec_and_test(&sk->sk_refcnt)")) === 0)
      yield store("sk_free(sk)", [sk.freed, 1]);
  },

  *unix_state_lock(sk) {
    yield when(
      undefined,
      "unix_state_lock(sk)",
      { cell: sk.lock, is: "=", value: 0 },
      { type: "set", cell: sk.lock, value: this.current.pointer },
    );
  },

  *unix_state_unlock(sk) {
    yield store("unix_state_unlock(sk)", [sk.lock, 0]);
  },
} satisfies FunctionTable;
