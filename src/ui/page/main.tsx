import "./page.css";
// The colours of kinds come after the rules that give everything its shape: of equal weight, the last rule counts.
import "kreel:kinds.css";
import { render } from "preact";
import { App } from "./app.js";
import { boot } from "./boot.js";
import { whenWanted } from "./report.js";
import { start, trouble } from "./store.js";

whenWanted(() => {
  render(<App />, document.getElementById("page")!);
  boot().then(start, (error: unknown) => (trouble.value = error instanceof Error ? error.message : String(error)));
});
