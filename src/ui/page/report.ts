/** In a report, the viewer is hidden and opens by its button or by a link to a moment. */
import { parseLink } from "../model/link.js";

/** Calls `open` once: immediately if the page is the viewer's own, else when the viewer is first shown. */
export function whenWanted(open: () => void): void {
  const report = document.getElementById("report");
  const page = document.getElementById("page")!;
  if (!report || !document.getElementById("kreel-session")) return open();
  let isOpen = false;
  const show = (viewer: boolean): void => {
    report.hidden = viewer;
    page.hidden = !viewer;
    if (!viewer || isOpen) return;
    isOpen = true;
    open();
  };
  const ofAddress = (): void => {
    const { events } = parseLink(location.hash);
    if (events.some((event) => event !== undefined)) show(true);
  };
  document.getElementById("kreel-opening")!.hidden = false;
  document.getElementById("kreel-open")!.addEventListener("click", () => show(true));
  addEventListener("hashchange", ofAddress);
  addEventListener("kreel-report", () => {
    history.replaceState(null, "", location.pathname);
    show(false);
  });
  ofAddress();
}

/** Goes back from the viewer to the report. */
export const backToReport: (() => void) | undefined = document.getElementById("report")
  ? () => dispatchEvent(new Event("kreel-report"))
  : undefined;
