// What the console shows, as Vue components. Values come from the server, which decides everything; texts
// from feeds only ever go through `{{ }}`, which escapes them.
import Frame from "./frame.js";
import Board from "./board.js";
import Topic from "./topic.js";
import Inbox from "./inbox.js";
import Alert from "./alert.js";
import Desk from "./desk.js";
import Health from "./health.js";
import { Away, Lost, Trouble } from "./notes.js";

export { Frame };
export const pages = { Board, Topic, Inbox, Alert, Desk, Health, Away, Lost, Trouble };
