// Where the page begins.
import { render } from "preact";
import { App } from "./app.tsx";
import "./styles/base.css";
import "./styles/pages.css";
import "./styles/parts.css";

render(<App />, document.getElementById("app")!);
