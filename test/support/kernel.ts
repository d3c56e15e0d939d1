/**
 * A healthy kernel's side of a scenario, line by line, in the order and the form of the real recordings. Every method
 * is a system call; the lines it adds carry its name as their step, so that a test can say "without the module_put of
 * gmem".
 */
import { type Line, RUNNER, Script, SOFTIRQ, type Task } from "./script.js";

export interface Vm {
  readonly kvm: string;
  readonly file: string;
  readonly dentry: string;
  fd: number;
}

export interface Gmem {
  readonly file: string;
  readonly inode: string;
  readonly dentry: string;
  readonly vm: Vm;
  fd: number;
}

export interface Slot {
  readonly memslot: string;
  readonly number: number;
  readonly vm: Vm;
  readonly gmem: Gmem;
}

/**
 * The origin of guest_memfd's inodes: the kernel's anonymous inodes, the patch as posted, or as merged (its own cache).
 */
export type Variant = "anonymous" | "patched" | "merged";

export const KVM = "0xffffffffc0100000";
export const KVM_AMD = "0xffffffffc0200000";
const FS_TYPE = "0xffffffffc0110e20";
const ANON_SB = "0xffff888001000000";
export const ANON_MOUNT = "0xffff888001100000";
export const ANON_INODE = "0xffff888001200000";
const GMEM_SB = "0xffff888002000000";
export const GMEM_MOUNT = "0xffff888002100000";
const ROOT_INODE = "0xffff888002200000";
const ROOT_DENTRY = "0xffff888002300000";
/** `i_rcu` and `i_data` within `struct inode`. */
const RCU_OFFSET = 0x128;
const MAPPING_OFFSET = 0x168;

const hex = (address: string, offset: number): string => `0x${(BigInt(address) + BigInt(offset)).toString(16)}`;

export class Kernel {
  readonly lines: Line[] = [];
  #next = 0;
  readonly #pendingRcu: string[] = [];
  #step = "";
  #task = RUNNER;

  constructor(readonly variant: Variant = "patched") {}

  get script(): Script {
    return new Script(this.lines);
  }

  get sb(): string {
    return this.variant === "anonymous" ? ANON_SB : GMEM_SB;
  }

  get mount(): string {
    return this.variant === "anonymous" ? ANON_MOUNT : GMEM_MOUNT;
  }

  /** Sets the task of the calls that follow. */
  as(task: Task): this {
    this.#task = task;
    return this;
  }

  #address(): string {
    return hex("0xffff888010000000", 0x1000 * ++this.#next);
  }

  line(name: string, args = "", task = this.#task, step = this.#step): Line {
    return { step, name, args, task };
  }

  #emit(...lines: readonly (readonly [name: string, args?: string])[]): void {
    for (const [name, args] of lines) this.lines.push(this.line(name, args));
  }

  #getModule(module = KVM_AMD, name = "kvm_amd", state = 0): void {
    this.#emit(
      ["try_module_get", `module=${module} name="${name}" refcnt=? state=${state}`],
      ["try_module_get_ret", "ok=1"],
    );
  }

  #putModule(module = KVM_AMD, name = "kvm_amd"): void {
    this.#emit(["module_put", `module=${module} name="${name}" refcnt=?`]);
  }

  /** Loads kvm and kvm_amd. */
  load(step = "load"): this {
    this.#step = step;
    this.#getModule(KVM, "kvm", 1);
    this.#putModule(KVM, "kvm");
    this.#getModule(KVM_AMD, "kvm_amd", 1);
    this.#getModule(KVM, "kvm");
    this.#emit(["kvm_init"], ["kvm_gmem_init", `module=${KVM_AMD}`]);
    if (this.variant !== "anonymous") {
      this.#emit(
        ["kern_mount", `type=${FS_TYPE} name="guest_memfd"`],
        ["init_pseudo", "fc=0xffff888003000000 magic=0x474d454d"],
        ["init_pseudo_ret", "ctx=0xffff888003100000"],
        ["new_inode", `sb=${GMEM_SB}`],
      );
      if (this.variant === "merged")
        this.#emit(["kvm_gmem_alloc_inode", `sb=${GMEM_SB}`], ["kvm_gmem_alloc_inode_ret", `inode=${ROOT_INODE}`]);
      this.#emit(
        ["new_inode_ret", `inode=${ROOT_INODE}`],
        ["d_instantiate", `dentry=${ROOT_DENTRY} inode=${ROOT_INODE}`],
        ["dput", `dentry=${ROOT_DENTRY}`],
        ["deactivate_super", `sb=${GMEM_SB}`],
        ["kern_mount_ret", `mnt=${GMEM_MOUNT}`],
      );
    }
    this.#emit(["kvm_gmem_init_ret", "err=0"], ["kvm_init_ret", "err=0"]);
    this.#putModule();
    return this;
  }

  /** `KVM_CREATE_VM`. */
  vm(fd: number, step = "vm"): Vm {
    this.#step = step;
    const vm: Vm = { kvm: this.#address(), file: this.#address(), dentry: this.#address(), fd };
    this.#emit(
      ["get_unused_fd_flags", "flags=0x80000"],
      ["get_unused_fd_flags_ret", `fd=${fd}`],
      ["kvm_arch_init_vm", `kvm=${vm.kvm} type=0`],
      ["kvm_arch_init_vm_ret", "err=0"],
      ["anon_inode_getfile", `name="kvm-vm" fops=0xffffffffc01e87e0 priv=${vm.kvm} flags=0x2`],
    );
    this.#getModule();
    this.#emit(
      ["ihold", `inode=${ANON_INODE} i_count=?`],
      ["alloc_file_pseudo", `inode=${ANON_INODE} mnt=${ANON_MOUNT} name="kvm-vm" flags=0x2 fops=0xffffffffc01e87e0`],
      ["d_alloc_pseudo", `sb=${ANON_SB}`],
      ["d_alloc_pseudo_ret", `dentry=${vm.dentry}`],
      ["mntget", `mnt=${ANON_MOUNT}`],
      ["d_instantiate", `dentry=${vm.dentry} inode=${ANON_INODE}`],
      ["alloc_empty_file", "flags=0x2"],
      ["alloc_empty_file_ret", `file=${vm.file}`],
      ["alloc_file_pseudo_ret", `file=${vm.file}`],
      ["anon_inode_getfile_ret", `file=${vm.file}`],
      ["fd_install", `fd=${fd} file=${vm.file}`],
    );
    return vm;
  }

  /** `KVM_CREATE_GUEST_MEMFD`, up to its file. */
  #create(vm: Vm, fd: number, inode: string, dentry: string): void {
    this.#emit(
      ["kvm_gmem_create", `kvm=${vm.kvm} size=65536 flags=0x0`],
      ["get_unused_fd_flags", "flags=0x0"],
      ["get_unused_fd_flags_ret", `fd=${fd}`],
    );
    this.#getModule();
    this.#emit(
      ["anon_inode_make_secure_inode", `sb=${this.sb} name="[kvm-gmem]"`],
      ["alloc_anon_inode", `sb=${this.sb}`],
    );
    if (this.variant === "merged")
      this.#emit(["kvm_gmem_alloc_inode", `sb=${this.sb}`], ["kvm_gmem_alloc_inode_ret", `inode=${inode}`]);
    this.#emit(
      ["alloc_anon_inode_ret", `inode=${inode}`],
      ["security_inode_init_security_anon", `inode=${inode}`],
      ["security_inode_init_security_anon_ret", "err=0"],
      ["anon_inode_make_secure_inode_ret", `inode=${inode}`],
      ["alloc_file_pseudo", `inode=${inode} mnt=${this.mount} name="[kvm-gmem]" flags=0x2 fops=0xffffffffc0210e80`],
      ["d_alloc_pseudo", `sb=${this.sb}`],
      ["d_alloc_pseudo_ret", `dentry=${dentry}`],
      ["mntget", `mnt=${this.mount}`],
      ["d_instantiate", `dentry=${dentry} inode=${inode}`],
      ["alloc_empty_file", "flags=0x2"],
    );
  }

  gmem(vm: Vm, fd: number, step = "gmem", at: Partial<Pick<Gmem, "file" | "inode" | "dentry">> = {}): Gmem {
    this.#step = step;
    const gmem: Gmem = {
      file: at.file ?? this.#address(),
      inode: at.inode ?? this.#address(),
      dentry: at.dentry ?? this.#address(),
      vm,
      fd,
    };
    this.#create(vm, fd, gmem.inode, gmem.dentry);
    this.#emit(
      ["alloc_empty_file_ret", `file=${gmem.file}`],
      ["alloc_file_pseudo_ret", `file=${gmem.file}`],
      ["kvm_get_kvm", `kvm=${vm.kvm}`],
      ["fd_install", `fd=${fd} file=${gmem.file}`],
      ["kvm_gmem_create_ret", `fd=${fd}`],
    );
    return gmem;
  }

  /** `KVM_CREATE_GUEST_MEMFD` that fails because no file can be allocated (ENFILE): everything is given back. */
  gmemFails(vm: Vm, fd: number, step = "gmem fails"): void {
    this.#step = step;
    const [inode, dentry] = [this.#address(), this.#address()];
    this.#create(vm, fd, inode, dentry);
    this.#emit(
      ["alloc_empty_file_ret", "file=0xffffffffffffffe9"],
      ["ihold", `inode=${inode} i_count=?`],
      ["dput", `dentry=${dentry}`],
      ["iput", `inode=${inode} i_count=? i_nlink=1 sb=${this.sb}`],
      ["mntput", `mnt=${this.mount}`],
      ["alloc_file_pseudo_ret", "file=0xffffffffffffffe9"],
      ["iput", `inode=${inode} i_count=? i_nlink=1 sb=${this.sb}`],
    );
    this.#evict(inode);
    this.#putModule();
    this.#emit(["put_unused_fd", `fd=${fd}`], ["kvm_gmem_create_ret", "fd=-23"]);
  }

  #evict(inode: string): void {
    this.#emit(
      ["evict", `inode=${inode} nrpages=0`],
      ["truncate_inode_pages_final", `mapping=${hex(inode, MAPPING_OFFSET)}`],
      ["clear_inode", `inode=${inode}`],
      ["destroy_inode", `inode=${inode}`],
      ["__destroy_inode", `inode=${inode}`],
    );
    if (this.variant === "merged") this.#emit(["kvm_gmem_destroy_inode", `inode=${inode}`]);
    this.#pendingRcu.push(inode);
  }

  bind(gmem: Gmem, number: number, step = "bind"): Slot {
    this.#step = step;
    const slot: Slot = { memslot: this.#address(), number, vm: gmem.vm, gmem };
    this.#emit(
      [
        "kvm_set_memory_region",
        `kvm=${gmem.vm.kvm} slot=${number} flags=0x4 gpa=0x100000 size=65536 gmem_offset=0 gmem_fd=${gmem.fd}`,
      ],
      ["kvm_gmem_bind", `kvm=${gmem.vm.kvm} slot=${slot.memslot} fd=${gmem.fd} offset=0`],
      ["fput", `file=${gmem.file}`],
      ["kvm_gmem_bind_ret", "err=0"],
      ["kvm_set_memory_region_ret", "err=0"],
    );
    return slot;
  }

  unbind(slot: Slot, step = "unbind"): void {
    this.#step = step;
    this.#emit(
      [
        "kvm_set_memory_region",
        `kvm=${slot.vm.kvm} slot=${slot.number} flags=0x0 gpa=0x0 size=0 gmem_offset=0 gmem_fd=0`,
      ],
      ["kvm_gmem_unbind", `slot=${slot.memslot}`],
      ["fput", `file=${slot.gmem.file}`],
      ["kvm_set_memory_region_ret", "err=0"],
    );
  }

  /** The last close. */
  close(gmem: Gmem, step = "close"): void {
    this.#step = step;
    this.#emit(["file_close_fd", `fd=${gmem.fd}`]);
    this.#release(gmem);
  }

  /** `__fput`: runs when the last reference on a file is dropped. */
  #release(gmem: Gmem): void {
    this.#emit(
      ["__fput", `file=${gmem.file} inode=${gmem.inode}`],
      ["kvm_gmem_release", `inode=${gmem.inode} file=${gmem.file}`],
      ["kvm_put_kvm", `kvm=${gmem.vm.kvm}`],
    );
    this.#putModule();
    this.#emit(["dput", `dentry=${gmem.dentry}`], ["iput", `inode=${gmem.inode} i_count=? i_nlink=1 sb=${this.sb}`]);
    this.#evict(gmem.inode);
    this.#emit(["mntput", `mnt=${this.mount}`]);
  }

  /** The task exits with the file open. */
  exit(gmem: Gmem, step = "exit"): void {
    this.#step = step;
    this.#emit(["filp_close", `file=${gmem.file}`], ["fput", `file=${gmem.file}`]);
    this.#release(gmem);
  }

  /** Closes one of several descriptors. */
  closeOne(fd: number, step = "close one"): void {
    this.#step = step;
    this.#emit(["file_close_fd", `fd=${fd}`]);
  }

  dup(gmem: Gmem, fd: number, step = "dup"): void {
    this.#step = step;
    this.#emit(["fd_install", `fd=${fd} file=${gmem.file}`]);
  }

  /** The grace period ends. */
  rcu(step = "rcu"): this {
    this.#step = step;
    for (const inode of this.#pendingRcu.splice(0)) {
      this.lines.push(this.line("i_callback", `head=${hex(inode, RCU_OFFSET)}`, SOFTIRQ));
      this.lines.push(
        this.line(this.variant === "merged" ? "kvm_gmem_free_inode" : "free_inode_nonrcu", `inode=${inode}`, SOFTIRQ),
      );
    }
    return this;
  }

  /** Closes the VM; its last reference destroys it. */
  closeVm(vm: Vm, last = true, step = "close vm"): void {
    this.#step = step;
    this.#emit(
      ["file_close_fd", `fd=${vm.fd}`],
      ["__fput", `file=${vm.file} inode=${ANON_INODE}`],
      ["kvm_vm_release", `inode=${ANON_INODE} file=${vm.file}`],
      ["kvm_put_kvm", `kvm=${vm.kvm}`],
    );
    if (last) this.#emit(["kvm_destroy_vm", `kvm=${vm.kvm}`], ["kvm_arch_destroy_vm", `kvm=${vm.kvm}`]);
    this.#putModule();
    this.#emit(
      ["dput", `dentry=${vm.dentry}`],
      ["iput", `inode=${ANON_INODE} i_count=? i_nlink=1 sb=${ANON_SB}`],
      ["mntput", `mnt=${ANON_MOUNT}`],
    );
  }

  /** Removes kvm_amd. */
  unload(step = "unload"): this {
    this.#step = step;
    this.#emit(["kvm_exit"], ["kvm_gmem_exit"]);
    if (this.variant !== "anonymous") {
      this.#emit(
        ["kern_unmount", `mnt=${GMEM_MOUNT}`],
        ["deactivate_super", `sb=${GMEM_SB}`],
        ["kill_anon_super", `sb=${GMEM_SB}`],
        ["generic_shutdown_super", `sb=${GMEM_SB}`],
        ["dput", `dentry=${ROOT_DENTRY}`],
        ["iput", `inode=${ROOT_INODE} i_count=? i_nlink=1 sb=${GMEM_SB}`],
      );
      this.#evict(ROOT_INODE);
      this.#emit(["delayed_free_vfsmnt", `head=${hex(GMEM_MOUNT, 0x20)}`]);
      this.rcu(step);
    }
    this.#emit(["free_module", `module=${KVM_AMD}`]);
    this.#putModule(KVM, "kvm");
    return this;
  }

  /** Removes kvm. */
  unloadKvm(step = "unload kvm"): this {
    this.#step = step;
    this.#emit(["free_module", `module=${KVM}`]);
    return this;
  }

  /** An event outside guest_memfd: any other system call of a task. */
  marker(text: string, task = this.#task, step = "marker"): this {
    this.lines.push(this.line("tracing_mark_write", text, task, step));
    return this;
  }
}

/** A whole healthy life: every kind of operation, errors included, at least once before the steps that tests break. */
export function healthyLife(variant: Variant = "patched"): Script {
  const k = new Kernel(variant).load();
  const vm = k.vm(6);
  k.gmemFails(vm, 5, "first gmem fails");
  const gmem = k.gmem(vm, 5);
  const other = k.gmem(vm, 7, "other gmem");
  k.gmemFails(vm, 8);
  const slot = k.bind(gmem, 1);
  k.unbind(slot);
  k.close(other, "other close");
  k.rcu("other rcu");
  k.close(gmem);
  k.rcu();
  k.closeVm(vm);
  k.unload().unloadKvm();
  return k.script;
}
