/** The types that derive from the catalogue; a mistake fails the build rather than the test. */
import test from "ava";
import {
  operations,
  points,
  type ArgsOf,
  type Operation,
  type OperationName,
  type ResultOf,
} from "../../events/index.js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(yes: Same<A, B>): boolean => yes;

test("arguments and results have the types that their probes print", (t) => {
  t.true(
    same<
      ArgsOf<"iput">,
      { readonly inode: number; readonly i_count: number; readonly i_nlink: number; readonly sb: number }
    >(true),
  );
  t.true(
    same<ArgsOf<"kvm_gmem_create">, { readonly kvm: number; readonly size: bigint; readonly flags: bigint }>(true),
  );
  t.true(same<ArgsOf<"try_module_get">["name"], string>(true));
  t.true(same<keyof ArgsOf<"kvm_exit">, never>(true));
  t.true(same<ResultOf<"alloc_anon_inode">, { readonly inode: number }>(true));
  t.true(same<ResultOf<"kvm_gmem_fallocate">, { readonly err: bigint }>(true));
  t.true(same<keyof ResultOf<"iput">, never>(true));
  t.true(same<Operation<"iput">["name"], "iput">(true));
  t.false(same<OperationName, string>(false));
});

test("a point's operation is the one in the catalogue", (t) => {
  t.is(points.byEvent("alloc_anon_inode_ret")?.operation, operations.alloc_anon_inode);
  t.is(points.byEvent("alloc_anon_inode_ret")?.phase, "return");
});
