/** kernel/module/main.c: loading modules, references on them, and unloading. */
import {
  add,
  addUnlessZero,
  allocation,
  change,
  create,
  enter,
  leave,
  mayFail,
  reading,
  store,
  when,
} from "../../../simulate/step.js";
import {
  EAGAIN,
  EBUSY,
  EEXIST,
  EINVAL,
  ENOENT,
  ENOMEM,
  EPERM,
  MODULE_REF_BASE,
  MODULE_STATE_COMING,
  MODULE_STATE_GOING,
  MODULE_STATE_LIVE,
} from "../../constants.js";
import type { FunctionTable } from "../../kernel.js";
import { isParameterValue, kstrtobool } from "./params.js";

export const modules = {
  *find_module(name) {
    for (const pointer of this.list(this.system.modules))
      if (this.words.word(this.get(this.module(pointer).name)) === name) return this.module(pointer);
    return null;
  },

  *try_module_get(module) {
    if (!module) return true;
    yield enter("try_module_get", {
      module,
      name: this.words.word(this.get(module.name)),
      refcnt: reading(module.refcnt),
      state: reading(module.state),
    });
    const refused = yield mayFail("module_is_live(module)", -ENOENT);
    const ok =
      !refused &&
      this.get(module.state) !== MODULE_STATE_GOING &&
      (yield addUnlessZero(module.refcnt, 1, "atomic_inc_not_zero(&module->refcnt)")) > 0;
    yield leave("try_module_get", ok ? 1 : 0);
    return ok;
  },

  *module_put(module) {
    if (!module) return;
    yield enter("module_put", { module, name: this.words.word(this.get(module.name)), refcnt: reading(module.refcnt) });
    yield add(module.refcnt, -1, "atomic_dec_if_positive(&module->refcnt)");
  },

  /** A loaded module cannot be loaded again; one that is being loaded is waited for, and both loads end alike. */
  *module_patient_check_exists(name) {
    const { module_mutex, modules_loading } = this.system;
    yield* this.mutex_lock(module_mutex, "&module_mutex");
    for (let waited = false; ; waited = true) {
      const old = yield* this.find_module(name);
      if (!old) return 0;
      const state = this.get(old.state);
      yield* this.mutex_unlock(module_mutex, "&module_mutex");
      if (state !== MODULE_STATE_COMING) return state === MODULE_STATE_GOING ? -EBUSY : waited ? 1 : -EEXIST;
      yield when(undefined, "wait_event_interruptible(module_wq, finished_loading(name))", {
        cell: modules_loading,
        is: "=",
        value: 0,
      });
      yield* this.mutex_lock(module_mutex, "&module_mutex");
    }
  },

  /** finit_module(2) of a module whose code uses that of `needs`. */
  *finit_module(name, needs, parameters) {
    if (!this.get(this.current.cap_effective)) return -EPERM;
    const { module_mutex, modules_loading } = this.system;
    const exists = yield* this.module_patient_check_exists(name);
    if (exists) return Math.min(exists, 0);
    // module_mutex is held: no other task adds one of this name.
    const pointer = (yield allocation("layout_and_allocate(info)")) ? 0 : yield create("module", "move_module(mod)");
    if (!pointer) {
      yield* this.mutex_unlock(module_mutex, "&module_mutex");
      return -ENOMEM;
    }
    const mod = this.module(pointer);
    // One reference keeps it while its init runs, beside the module system's own.
    yield store(
      "mod->state = MODULE_STATE_COMING",
      [mod.name, this.words.number(name)],
      [mod.refcnt, MODULE_REF_BASE + 1],
      [mod.state, MODULE_STATE_COMING],
    );
    yield change(
      "list_add_rcu(&mod->list, &modules)",
      { type: "append", list: this.system.modules, values: [mod.pointer] },
      { type: "add", cell: modules_loading, value: 1, unless: undefined },
    );
    yield* this.mutex_unlock(module_mutex, "&module_mutex");
    const error = yield* this.load_module(mod, needs, parameters);
    yield add(modules_loading, -1, "wake_up_all(&module_wq)");
    return error;
  },

  *load_module(mod, needs, parameters) {
    const { module_mutex } = this.system;
    for (const need of needs) {
      yield* this.mutex_lock(module_mutex, "&module_mutex");
      const used = yield* this.find_module(need);
      // strong_try_module_get, for the first symbol that is found there.
      const found = used !== null && (yield* this.try_module_get(used));
      if (found)
        yield change(
          "add_module_usage(a, b)",
          { type: "append", list: used.source_list, values: [mod.pointer] },
          { type: "append", list: mod.target_list, values: [used.pointer] },
        );
      yield* this.mutex_unlock(module_mutex, "&module_mutex");
      if (!found) {
        yield* this.module_unload_free(mod);
        return -ENOENT;
      }
    }
    yield* this.trace_kprobe_module_callback(mod);
    const invalid = yield* this.parse_args(mod, parameters);
    if (invalid) {
      // It never ran: its preparations are undone without free_module.
      yield store("mod->state = MODULE_STATE_GOING", [mod.state, MODULE_STATE_GOING]);
      yield* this.module_unload_free(mod);
      return invalid;
    }
    const error = yield* this.do_one_initcall(mod);
    if (error) {
      yield store("mod->state = MODULE_STATE_GOING", [mod.state, MODULE_STATE_GOING]);
      yield* this.synchronize_rcu();
      yield* this.module_put(mod);
      yield* this.free_module(mod);
      return error;
    }
    yield store("mod->state = MODULE_STATE_LIVE", [mod.state, MODULE_STATE_LIVE]);
    yield* this.module_put(mod);
    return 0;
  },

  *delete_module(name) {
    if (!this.get(this.current.cap_effective)) return -EPERM;
    const { module_mutex } = this.system;
    yield* this.mutex_lock(module_mutex, "&module_mutex");
    const mod = yield* this.find_module(name);
    const error = mod ? yield* this.try_stop_module(mod) : -ENOENT;
    yield* this.mutex_unlock(module_mutex, "&module_mutex");
    if (!mod || error) return error;
    yield* this.moduleExit(mod);
    yield* this.free_module(mod);
    return 0;
  },

  *try_stop_module(mod) {
    if (this.list(mod.source_list).length > 0) return -EAGAIN;
    if (this.get(mod.state) !== MODULE_STATE_LIVE) return -EBUSY;
    if ((yield* this.try_release_module_ref(mod)) > 0) return -EAGAIN;
    yield store("mod->state = MODULE_STATE_GOING", [mod.state, MODULE_STATE_GOING]);
    return 0;
  },

  /**
   * Takes the module system's own reference away; if users are left, puts it back. Returns the count of users left.
   */
  *try_release_module_ref(mod) {
    const left = yield add(mod.refcnt, -MODULE_REF_BASE, "atomic_sub_return(MODULE_REF_BASE, &mod->refcnt)");
    if (left === 0) return 0;
    return yield addUnlessZero(mod.refcnt, MODULE_REF_BASE, "atomic_add_unless(&mod->refcnt, MODULE_REF_BASE, 0)");
  },

  *free_module(module) {
    yield enter("free_module", { module });
    yield* this.module_unload_free(module);
  },

  *module_unload_free(module) {
    for (const pointer of this.list(module.target_list)) {
      const used = this.module(pointer);
      yield change("list_del(&use->source_list)", {
        type: "drop",
        list: used.source_list,
        value: module.pointer,
        size: 1,
      });
      yield* this.module_put(used);
    }
    yield change("list_del_rcu(&mod->list)", {
      type: "drop",
      list: this.system.modules,
      value: module.pointer,
      size: 1,
    });
    yield store("module_memfree(mod)", [module.freed, 1]);
  },

  /**
   * kernel/trace/trace_kprobe.c: the recorder has set probes in kvm before it is loaded, and setting one holds the
   * module. A real kernel does so for every probe; once is enough to show a module that is coming.
   */
  *trace_kprobe_module_callback(mod) {
    if (this.words.word(this.get(mod.name)) !== "kvm") return;
    if (yield* this.try_module_get(mod)) yield* this.module_put(mod);
  },

  /** kernel/params.c: values must be what their parameter takes; unknown parameters are ignored. */
  *parse_args(mod, parameters) {
    const name = this.words.word(this.get(mod.name));
    const values = new Map<string, string | undefined>();
    for (const word of parameters.split(" ")) {
      const at = word.indexOf("=");
      const parameter = (at < 0 ? word : word.slice(0, at)).replaceAll("-", "_");
      const value = at < 0 ? undefined : word.slice(at + 1);
      if (!isParameterValue(name, parameter, value)) return -EINVAL;
      values.set(parameter, value);
    }
    const flag = (parameter: string): number =>
      !values.has(parameter) || kstrtobool(values.get(parameter) ?? "1") === true ? 1 : 0;
    if (name === "kvm")
      yield store("tdp_mmu_allowed = tdp_mmu_enabled", [this.system.tdp_mmu_allowed, flag("tdp_mmu")]);
    if (name === "kvm_amd") yield store("module_param_named(npt, npt_enabled)", [this.system.npt_enabled, flag("npt")]);
    return 0;
  },

  *do_one_initcall(mod) {
    if (this.words.word(this.get(mod.name)) !== "kvm_amd") return 0;
    const { tdp_enabled, tdp_mmu_enabled, tdp_mmu_allowed, npt_enabled } = this.system;
    const tdp = this.get(npt_enabled);
    yield store(
      "kvm_configure_mmu(npt_enabled)",
      [tdp_enabled, tdp],
      [tdp_mmu_enabled, tdp && this.get(tdp_mmu_allowed)],
    );
    return yield* this.kvm_init(mod);
  },

  /** The method `mod->exit`. */
  *moduleExit(mod) {
    if (this.words.word(this.get(mod.name)) === "kvm_amd") yield* this.kvm_exit();
  },
} satisfies FunctionTable;
