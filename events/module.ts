/**
 * Modules and the device that KVM registers. `refcnt` is the raw counter: the users plus one that the module system
 * itself holds. Code of a module may run only while a reference on it is held.
 *
 * The tracepoint module:module_put is left out: it prints under the name of the kprobe on module_put, with other
 * arguments, and a text recording does not say which of the two it was. module_get has no such twin.
 */
import { operation, pointer, returnsNumber, value } from "./definition.js";

export const try_module_get = operation({
  name: "try_module_get",
  prototype: "bool try_module_get(struct module *module)",
  source: "kernel/module/main.c",
  summary: "Takes a reference on a module unless it is on its way out.",
  traits: ["passing", "everywhere"],
  holds: "module",
  args: [
    pointer("module", "module", "%di", "the module; NULL stands for code that is built in and always succeeds"),
    value("name", "string", "module->name:string", "its name"),
    value(
      "refcnt",
      "s32",
      "module->refcnt.counter:s32",
      "raw count before the call took effect: users plus one",
      "references",
    ),
    value("state", "s32", "module->state", "0 live, 1 coming, 2 going, 3 unformed", "module state"),
  ],
  result: returnsNumber(
    "ok",
    "u8",
    "zero",
    "1 when the reference was taken (or none was needed), 0 when the module is going",
    "boolean",
  ),
  notes:
    "With module=0x0 the name reads (fault) and what follows are leftovers. Registering a probe on a module takes and drops a reference as well: such pairs are the recorder's.",
});

export const module_put = operation({
  name: "module_put",
  prototype: "void module_put(struct module *module)",
  source: "kernel/module/main.c",
  summary: "Drops a reference on a module, which can be unloaded the moment the last user is gone.",
  traits: ["passing", "everywhere"],
  holds: "module",
  gives: "module",
  args: [
    pointer("module", "module", "%di", "the module; NULL is legal and frequent"),
    value("name", "string", "module->name:string", "its name"),
    value(
      "refcnt",
      "s32",
      "module->refcnt.counter:s32",
      "raw count before the call took effect: users plus one",
      "references",
    ),
  ],
  notes: "With module=0x0 the name reads (fault) and refcnt is a leftover.",
});

export const do_init_module = operation({
  name: "do_init_module",
  prototype: "static noinline int do_init_module(struct module *mod)",
  source: "kernel/module/main.c",
  summary: "Runs a module's init function and makes the module live, or takes it down again.",
  args: [
    pointer("module", "module", "%di", "the module, state coming"),
    value("name", "string", "module->name:string", "its name"),
  ],
  calls: ["kvm_init", "misc_register", "try_module_get", "module_put", "free_module"],
  unseen: {
    kernels: ["linux-6.12", "linux-6.12-patched", "linux-6.18", "linux-7.2"],
    why: "the function calls its parameter mod, so the standard probe, which reads module->name, cannot be set up; mod->name would",
    hidden: true,
  },
});

export const free_module = operation({
  name: "free_module",
  prototype: "static void free_module(struct module *mod)",
  source: "kernel/module/main.c",
  summary:
    "Removes a module whose exit function has run: its sysfs entries, its references on other modules, its memory.",
  traits: ["rare", "outside release"],
  ends: "module",
  args: [pointer("module", "module", "%di", "the module, unusable from here on")],
  calls: ["module_put", "iput"],
  notes: "The module_put inside is for the modules that it depended on.",
});

export const __do_sys_delete_module = operation({
  name: "__do_sys_delete_module",
  prototype: "static long __do_sys_delete_module(const char __user *name_user, unsigned int flags)",
  source: "kernel/module/main.c",
  summary: "delete_module(2): unloads a module without users.",
  args: [
    value("name", "string", "+0(%di):ustring", "the module's name, in user memory"),
    value("flags", "x32", "%si:x32", "O_NONBLOCK, O_TRUNC (by force)", "flags"),
  ],
  result: returnsNumber(
    "err",
    "s64",
    "errno",
    "0, or -EAGAIN while it has users, -EBUSY when not live or without an exit, -ENOENT, -EPERM",
    "errno",
  ),
  probed: false,
});

export const module_load = operation({
  name: "module_load",
  prototype: "void trace_module_load(struct module *mod)",
  source: "include/trace/events/module.h",
  summary: "A module's sections are in place; its init function has not run.",
  args: [
    value("name", "string", "name", "the module's name"),
    value("taints", "string", "taints", "letters of the taints that it brings, empty for none"),
  ],
  probe: "tracepoint",
  tracepoint: { system: "module", print: "{name} {taints}" },
  probed: false,
});

export const module_free = operation({
  name: "module_free",
  prototype: "void trace_module_free(struct module *mod)",
  source: "include/trace/events/module.h",
  summary: "A module is about to be freed.",
  args: [value("name", "string", "name", "the module's name")],
  probe: "tracepoint",
  tracepoint: { system: "module", print: "{name}" },
  probed: false,
});

export const module_get = operation({
  name: "module_get",
  prototype: "void trace_module_get(struct module *mod, unsigned long ip)",
  source: "include/trace/events/module.h",
  summary: "A reference on a module was taken.",
  args: [
    value("name", "string", "name", "the module's name"),
    value("call_site", "string", "ip", "the function that took it"),
    value("refcnt", "s32", "refcnt", "raw count after it was taken: users plus one", "references"),
  ],
  probe: "tracepoint",
  tracepoint: { system: "module", print: "{name} call_site={call_site} refcnt={refcnt}" },
  probed: false,
  notes: "Silent about a reference that was refused: only the return of try_module_get tells.",
});

export const misc_register = operation({
  name: "misc_register",
  prototype: "int misc_register(struct miscdevice *misc)",
  source: "drivers/char/misc.c",
  summary:
    "Makes a misc device available to user space. For KVM it is the last step of kvm_init: /dev/kvm can be opened from here on.",
  traits: ["rare", "door"],
  args: [pointer("misc", "other", "%di", "the device, a static object of the module")],
});

export const misc_deregister = operation({
  name: "misc_deregister",
  prototype: "void misc_deregister(struct miscdevice *misc)",
  source: "drivers/char/misc.c",
  summary: "Withdraws a misc device; files that are open on it stay open.",
  traits: ["rare", "told untouched", "door"],
  args: [pointer("misc", "other", "%di", "the device")],
});
