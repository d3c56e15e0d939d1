import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { helpIsOpen, KEYS } from "./keys.js";

export function Help(): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const open = helpIsOpen.value;
  useEffect(() => {
    if (open && !dialog.current!.open) dialog.current!.showModal();
    else if (!open) dialog.current!.close();
  }, [open]);
  return (
    <>
      <button type="button" class="help" aria-haspopup="dialog" onClick={() => (helpIsOpen.value = true)}>
        keys <kbd>?</kbd>
      </button>
      <dialog ref={dialog} aria-labelledby="keys" onClose={() => (helpIsOpen.value = false)}>
        <h2 id="keys">Keys</h2>
        <dl>
          {KEYS.map(([keys, does]) => (
            <div key={keys}>
              <dt>
                <kbd>{keys}</kbd>
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <p>
          In the timeline: drag to move, turn the wheel to scroll, with Ctrl to come nearer; click what you want to know
          more of.
        </p>
        <button type="button" onClick={() => (helpIsOpen.value = false)}>
          close
        </button>
      </dialog>
    </>
  );
}
